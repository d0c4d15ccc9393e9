/** Steps with a name and a time: how the scripts run a program and say what came of it. */
import { spawn } from "node:child_process";
import { constants } from "node:os";

/** @param {number} startedAt a `performance.now()` in the past; gives `"3.2 s"` */
export function secondsSince(startedAt) {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}

/**
 * Runs a program in the foreground, with this terminal as its own, and resolves to its exit code.
 * Signals are its business: we wait for it and end as it ends.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string>} [env] added to ours
 * @returns {Promise<number>}
 */
export function runInForeground(command, args, env = {}) {
  const child = spawn(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  let asked = false;
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    asked = true;
    // A terminal sends Ctrl-C to the whole foreground group, so the child has had it already.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  /** @type {NodeJS.Signals[]} */
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      // npm passes on what it gets, too: that second signal may come when the child has ended, and
      // would make a clean end look like a crash if nobody listened any more.
      if (!asked) for (const signal of signals) process.off(signal, forward);
      resolve(code ?? 128 + constants.signals[signal ?? "SIGTERM"]);
    });
  });
}

/**
 * Runs a program quietly and prints one line when it ends, with its output only if it failed.
 *
 * @param {string} name
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<boolean>} whether it passed
 */
export async function runStep(name, command, args) {
  const startedAt = performance.now();
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  /** @param {Buffer} chunk */
  const collect = (chunk) => {
    output += chunk;
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const passed = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code === 0));
  });
  console.log(stepLine(name, passed, startedAt));
  if (!passed) console.log(`${output.trim()}\n`);
  return passed;
}

/**
 * @param {string} name
 * @param {boolean} passed
 * @param {number} startedAt
 */
export function stepLine(name, passed, startedAt) {
  return `${name.padEnd(14)}${passed ? "passed" : "FAILED"}  ${secondsSince(startedAt)}`;
}
