/** `npm test`: every check and every test, each step with its time, and one line of sums. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUN } from "./install.mjs";
import { runInForeground, runStep, stepLine } from "./steps.mjs";

// The tools are started by file and with the runtime that runs this one, since their `#!` lines ask
// for a `node` that a machine with Bun alone has not.
const COMPILER = "node_modules/typescript/bin/tsc";
const LINT = ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings"];
const ARCHITECTURE = [
  "node_modules/dependency-cruiser/bin/dependency-cruise.mjs",
  ...["--config", ".dependency-cruiser.cjs", "src", "test", "bench", "scripts"],
];

/** Resolves to how many of the checks passed and failed. */
export async function runChecks() {
  const results = await Promise.all([
    runStep("types", process.execPath, [COMPILER]),
    runStep("types-scripts", process.execPath, [COMPILER, "-p", "scripts"]),
    runStep("types-page", process.execPath, [COMPILER, "-p", "src/ui"]),
    runStep("lint", process.execPath, LINT),
    runStep("architecture", process.execPath, ARCHITECTURE),
  ]);
  const passed = results.filter(Boolean).length;
  return { passed, failed: results.length - passed, skipped: 0 };
}

/**
 * Runs `bun test` and adds up what it says.
 *
 * @param {string[]} args for `bun test`
 * @param {Record<string, string>} [env]
 */
export async function runTests(args, env) {
  const startedAt = performance.now();
  const directory = mkdtempSync(join(tmpdir(), "kvnode-test-"));
  const report = join(directory, "report.xml");
  try {
    const reporter = ["--reporter=junit", `--reporter-outfile=${report}`];
    // Nobody reads a thousand lines of what passed; who asks for a few tests wants to see them.
    if (args.length === 0) reporter.push("--only-failures");
    const code = await runInForeground(BUN, ["test", ...reporter, ...args], env);
    const sums = readSums(report);
    // A file that does not even load, or a run that dies, fails without a failed test.
    if (code !== 0 && sums.failed === 0) sums.failed = 1;
    console.log(stepLine("tests", code === 0, startedAt));
    return sums;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** @param {string} report path of a JUnit file, which a run that died has not written */
function readSums(report) {
  let text = "";
  try {
    text = readFileSync(report, "utf8");
  } catch {}
  const root = /<testsuites [^>]*>/.exec(text)?.[0] ?? "";
  /** @param {string} name */
  const attribute = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(root)?.[1] ?? 0);
  const failed = attribute("failures");
  const skipped = attribute("skipped");
  return { passed: attribute("tests") - failed - skipped, failed, skipped };
}

/**
 * Prints the last line, `N passed, N failed`, and gives the exit code.
 *
 * @param {{ passed: number, failed: number, skipped: number }[]} parts
 */
export function concludeWith(parts) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const part of parts) {
    sum.passed += part.passed;
    sum.failed += part.failed;
    sum.skipped += part.skipped;
  }
  const skipped = sum.skipped > 0 ? `, ${sum.skipped} skipped` : "";
  console.log(`${sum.passed} passed, ${sum.failed} failed${skipped}`);
  return sum.failed === 0 ? 0 : 1;
}
