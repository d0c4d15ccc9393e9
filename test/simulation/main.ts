/**
 * `bun run simulate`: runs seeds until all are run, time is over, or a promise is broken, and then
 * tells that run's story. Exit codes: 0 all kept (or the shortcut was found), 1 a promise was
 * broken (or the shortcut was not found), 2 wrong usage.
 */
import { SHORTCUT, SHORTCUTS } from "../../src/core/shortcut.ts";
import { runCrew } from "./command/crew.ts";
import { readOptions, type SimulateOptions } from "./command/options.ts";
import { ProgressLine } from "./command/progress.ts";
import { count, formatRun, formatSums } from "./command/report.ts";
import { serveBatches } from "./command/worker.ts";
import { runClusterSeed } from "./partitioned/run.ts";
import { runSeed } from "./run.ts";

const SELF = import.meta.path;

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options.isWorker) {
    serveBatches(runnerOf(options));
    return new Promise(() => {});
  }
  if (options.listsShortcuts) {
    return listShortcuts();
  }
  const { shortcut } = options;
  if (shortcut !== undefined && !Object.hasOwn(SHORTCUTS, shortcut)) {
    console.error(`There is no shortcut "${shortcut}"; --shortcuts lists them.`);
    return 2;
  }
  if (shortcut !== SHORTCUT) {
    return runWithShortcut(shortcut, args);
  }
  return options.replays ? replay(options) : search(options);
}

function listShortcuts(): number {
  for (const name of Object.keys(SHORTCUTS)) {
    console.log(name);
  }
  return 0;
}

/** The shortcut is compiled in, so it takes another process. */
async function runWithShortcut(name: string | undefined, args: readonly string[]): Promise<number> {
  const child = Bun.spawn([...runtime(name), ...args], {
    stdio: ["inherit", "inherit", "inherit"],
  });
  return child.exited;
}

function runtime(shortcut: string | undefined): string[] {
  const define = shortcut === undefined ? [] : ["--define", `KVNODE_SHORTCUT="${shortcut}"`];
  return [process.execPath, ...define, SELF];
}

function runnerOf({ partitioned }: SimulateOptions) {
  return partitioned ? runClusterSeed : runSeed;
}

function replay(options: SimulateOptions): number {
  const result = runnerOf(options)({ seed: options.seed, keepsTrace: true });
  console.log(formatRun(result, options).join("\n"));
  return result.violation === undefined ? 0 : 1;
}

async function search(options: SimulateOptions): Promise<number> {
  const line = new ProgressLine();
  const done = await runCrew({
    ...options,
    command: [...runtime(SHORTCUT), "--worker", ...(options.partitioned ? ["--partitioned"] : [])],
    progress: ({ runs, sums }) => {
      const speed = `${(runs / line.seconds).toFixed(0)} runs/s`;
      line.show(`${count(runs)} runs, ${speed}, ${formatSums(sums)}`);
    },
  });
  line.clear();
  const { failure, runs, sums } = done;
  if (failure !== undefined) {
    const again = runnerOf(options)({ seed: failure.seed, keepsTrace: true });
    const shown = again.violation === undefined ? { ...again, ...failure } : again;
    console.log(formatRun(shown, options).join("\n"));
  }
  const speed = `${(runs / line.seconds).toFixed(0)} runs/s`;
  console.log(`${count(runs)} runs from seed ${options.seed} (${speed}): ${formatSums(sums)}`);
  console.log(verdict(options, failure?.seed));
  return (failure === undefined) === (SHORTCUT === undefined) ? 0 : 1;
}

function verdict({ seed, runs, partitioned }: SimulateOptions, failed: number | undefined): string {
  if (SHORTCUT === undefined) {
    const again = `bun run simulate${partitioned ? " --partitioned" : ""} --seed ${failed}`;
    return failed === undefined
      ? "Every promise was kept."
      : `A promise was broken; see it again with: ${again}`;
  }
  return failed === undefined
    ? `${SHORTCUT}: not found in ${count(runs)} seeds`
    : `${SHORTCUT}: found after ${count(failed - seed + 1)} seeds`;
}

process.exitCode = await main(process.argv.slice(2));
if (process.exitCode !== 0) {
  process.exit();
}
