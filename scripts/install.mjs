/**
 * Installs what is missing, with whatever package manager is at hand. Plain JavaScript that Node
 * and Bun both run, and no imports from node_modules: when it starts there may be none.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { secondsSince } from "./steps.mjs";

/** The pinned Bun: everything that is not a script here runs on it. */
export const BUN = join("node_modules", ".bin", "bun");

const STAMP = join("node_modules", ".installed");

/** Installs if node_modules is not what package-lock.json says; throws one sentence if it can't. */
export function installMissing() {
  const wanted = createHash("sha256").update(readFileSync("package-lock.json")).digest("hex");
  const present = existsSync(STAMP) ? readFileSync(STAMP, "utf8") : undefined;
  if (present !== wanted) {
    const startedAt = performance.now();
    const { name, command, args } = packageManager();
    process.stdout.write(`Installing what is missing, with ${name} … `);
    run(command, args, `${name} could not install the packages`);
    process.stdout.write(`done in ${secondsSince(startedAt)}\n`);
  }
  placeBun();
  if (present !== wanted) writeFileSync(STAMP, wanted);
}

/** The one that started us; else npm if there is one; else the Bun that runs this file. */
function packageManager() {
  const startedBy = process.env.npm_config_user_agent ?? "";
  const bunRunsThis = process.versions.bun !== undefined;
  if (startedBy.startsWith("npm/") || (!bunRunsThis && !startedBy.startsWith("bun/"))) {
    return { name: "npm", ...npm() };
  }
  // Frozen: it reads package-lock.json and leaves no lock file of its own beside it.
  const command = bunRunsThis ? process.execPath : "bun";
  return { name: "bun", command, args: ["install", "--frozen-lockfile"] };
}

function npm() {
  // `ci` empties node_modules first, which nothing else that runs from it would survive.
  const verb = existsSync("node_modules") ? ["install", "--no-save"] : ["ci"];
  const quiet = ["--include=dev", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"];
  const script = process.env.npm_execpath;
  return script?.endsWith(".js")
    ? { command: process.execPath, args: [script, ...verb, ...quiet] }
    : { command: "npm", args: [...verb, ...quiet] };
}

/** The bun package puts its binary in place after the install, which settings may forbid. */
function placeBun() {
  if (spawnSync(BUN, ["--version"]).status === 0) return;
  run(
    process.execPath,
    [join("node_modules", "bun", "install.js")],
    "Bun could not be put in place",
  );
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} failure
 */
function run(command, args, failure) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status === 0) return;
  const output = [error?.message, stdout, stderr].filter(Boolean).join("\n").trim();
  throw new Error(`${failure}: ${output}`);
}
