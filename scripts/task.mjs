/**
 * What the scripts of package.json call: `node scripts/task.mjs NAME [ARGUMENT...]`.
 *
 * Every task installs what is missing first, so that each works in a fresh clone with nothing but
 * Node and npm, or nothing but Bun.
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { concludeWith, runChecks, runTests } from "./checks.mjs";
import { BUN, installMissing } from "./install.mjs";
import { runInForeground, secondsSince } from "./steps.mjs";

const EXECUTABLE = join("dist", "kvnode");
const BUILD_INPUTS = ["src", "package.json", "package-lock.json", "scripts/build.ts"];

/** @type {Record<string, (args: string[]) => Promise<number>>} each resolves to an exit code */
const TASKS = {
  async start(args) {
    return (await buildIfStale()) || runInForeground(EXECUTABLE, ["cluster", ...args]);
  },
  build: (args) => runInForeground(BUN, ["scripts/build.ts", ...args]),
  async test(args) {
    const built = await buildIfStale();
    if (built !== 0) return concludeWith([{ passed: 0, failed: 1, skipped: 0 }]);
    // The tests of whole processes run the executable itself.
    const env = { KVNODE_BINARY: EXECUTABLE };
    if (args.length > 0) return concludeWith([await runTests(args, env)]);
    return concludeWith([await runChecks(), await runTests([], env)]);
  },
  async check() {
    return concludeWith([await runChecks()]);
  },
  format: () =>
    runInForeground(process.execPath, [
      ...["node_modules/@biomejs/biome/bin/biome", "check", "--write"],
    ]),
  // Named without `.test.`, so that plain `bun test` leaves it alone: it needs Docker and minutes.
  "test:compose": async () =>
    concludeWith([
      await runTests(["./test/compose/compose.ts"]),
      await runTests(["./test/compose/partitioned.ts"]),
    ]),
  bench: (args) => runMeasurement("bench/quorum/main.ts", args),
  "bench:durability": (args) => runMeasurement("bench/durability/main.ts", args),
  "bench:disk": (args) => runMeasurement("bench/disk/main.ts", args),
  "bench:partitioned": (args) => runMeasurement("bench/partitioned/main.ts", args),
  "bench:soak": (args) => runMeasurement("bench/soak/main.ts", args),
  // It builds what it compares by itself.
  "bench:guard": (args) => runInForeground(BUN, ["bench/guard/main.ts", ...args]),
  "bench:growth": (args) => runMeasurement("bench/growth/main.ts", args),
  "bench:limit": (args) => runMeasurement("bench/limit/main.ts", args),
  "bench:peers": (args) => runMeasurement("bench/peers/main.ts", args),
  simulate: (args) => runInForeground(BUN, ["test/simulation/main.ts", ...args]),
  async fuzz(args) {
    const built = await buildIfStale();
    if (built !== 0) return built;
    return await runInForeground(BUN, ["test/fuzz/main.ts", ...args], {
      KVNODE_BINARY: EXECUTABLE,
    });
  },
  async torture(args) {
    const built = await buildIfStale();
    if (built !== 0) return built;
    return await runInForeground(BUN, ["test/process/torture/main.ts", ...args], {
      KVNODE_BINARY: EXECUTABLE,
    });
  },
  "bench:micro": (args) => runInForeground(BUN, ["bench/micro/main.ts", ...args]),
};

/**
 * What is measured is the newest executable.
 *
 * @param {string} script
 * @param {string[]} args
 */
async function runMeasurement(script, args) {
  return (await buildIfStale()) || runInForeground(BUN, [script, ...args]);
}

/** Resolves to the exit code of the build, 0 where there was nothing to do. */
async function buildIfStale() {
  const builtAt = statSync(EXECUTABLE, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (BUILD_INPUTS.every((input) => changedAt(input) <= builtAt)) return 0;
  const startedAt = performance.now();
  const code = await runInForeground(BUN, ["scripts/build.ts", "--quiet"]);
  if (code === 0) console.log(`Built ${EXECUTABLE} in ${secondsSince(startedAt)}`);
  return code;
}

/**
 * When a file or anything in a folder last changed, in ms; folders count, as a removal shows there.
 *
 * @param {string} path
 * @returns {number}
 */
function changedAt(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  const inside = readdirSync(path).map((name) => changedAt(join(path, name)));
  return Math.max(stat.mtimeMs, ...inside);
}

async function main() {
  process.chdir(fileURLToPath(new URL("..", import.meta.url)));
  const [name = "", ...args] = process.argv.slice(2);
  const task = TASKS[name];
  if (task === undefined) {
    throw new Error(`there is no task "${name}"; use one of: ${Object.keys(TASKS).join(", ")}`);
  }
  installMissing();
  process.exitCode = await task(args);
}

main().catch((error) => {
  console.error(`kvnode: ${error.message}`);
  process.exitCode = 1;
});
