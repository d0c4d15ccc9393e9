/** `bun run fuzz`: sends real nodes what nobody should send them. `--help` says more. */
import { Presets, SingleBar } from "cli-progress";
import { type FuzzOptions, readOptions, UsageError } from "./options.ts";
import { type FuzzResult, fuzz } from "./run.ts";

const EXIT_FOUND = 1;
const EXIT_USAGE = 2;
/** Without a terminal a line comes for each of these shares. */
const LINE_EVERY = 0.1;
const LAPS = 5;
const SHRINK_MS_MAX = 60_000;

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return 0;
  note(`seed ${options.seed}: ${options.requests} requests, ${options.frames} frames`);
  const startedAtMs = performance.now();
  const progress = createProgress();
  const result = await fuzz(
    { ...options, laps: LAPS, shrinkMsMax: SHRINK_MS_MAX },
    { progress: progress.show },
  );
  progress.stop();
  say(describe(result, options, (performance.now() - startedAtMs) / 1000));
  return result.failures.length === 0 ? 0 : EXIT_FOUND;
}

function createProgress() {
  let shown = 0;
  if (!process.stderr.isTTY) {
    const show = (share: number, campaign: string) => {
      if (share - shown < LINE_EVERY) return;
      shown = Math.floor(share / LINE_EVERY) * LINE_EVERY;
      note(`${Math.round(share * 100)} %: ${campaign}`);
    };
    return { show, stop: () => {} };
  }
  const format = " {bar} {percentage} % | {campaign} | {eta_formatted}";
  const bar = new SingleBar({ format, hideCursor: true, barsize: 30 }, Presets.shades_classic);
  bar.start(1_000, 0, { campaign: "starting" });
  const show = (share: number, campaign: string) => {
    bar.update(Math.round(share * 1_000), { campaign });
  };
  return { show, stop: () => bar.stop() };
}

function describe(result: FuzzResult, options: FuzzOptions, seconds: number): string {
  const { requests, frames, settings, outcomes, memory, failures } = result;
  const counts = [...outcomes].sort(([one], [other]) => (one < other ? -1 : 1));
  const answers = counts.map(([outcome, count]) => `  ${outcome}: ${count}`);
  const courses = memory.map(
    ({ node, what, early, late }) =>
      `  ${node} ${what}: ${megabytes(early)} -> ${megabytes(late)} (${(late / early).toFixed(2)})`,
  );
  const found = failures.map(
    ({ campaign, message, seed, path, counterexample }) =>
      `FOUND in ${campaign}: ${message}\n  seed ${seed}, path ${path}\n  case ${counterexample}`,
  );
  const fives = outcomes.get("500") ?? 0;
  const verdict =
    `${requests} requests, ${frames} frames and ${settings} settings in ${seconds.toFixed(0)} s: ` +
    `${failures.length} findings, ${fives} answers with 500 (--seed ${options.seed})`;
  return [
    ...["Answers and ends of links:", ...answers],
    ...["Memory, second lap -> last lap:", ...courses],
    ...found,
    verdict,
  ].join("\n");
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  note(error.message);
  process.exitCode = EXIT_USAGE;
}
