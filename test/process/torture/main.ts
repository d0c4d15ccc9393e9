/** `bun run torture`: kills real nodes under load. `--help` says more. */
import { Presets, SingleBar } from "cli-progress";
import { endProcesses } from "../../support/kvnode-process.ts";
import { readOptions, type TortureOptions, UsageError } from "./options.ts";
import { torturePartitioned } from "./partitioned/torture.ts";
import { torture, type Verdict } from "./torture.ts";

const EXIT_FOUND = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;
/** Without a terminal a line comes for each of so many rounds. */
const LINE_EVERY = 5;

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return 0;
  const what = options.partitioned ? "partitioned" : `mode ${options.mode}`;
  note(`seed ${options.seed}: ${options.rounds} rounds, ${what}`);
  const startedAtMs = performance.now();
  const progress = createProgress(options.rounds);
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  process.once("SIGTERM", () => stop.abort());
  const events = { round: progress.show, skipped: (what: string) => note(`SKIPPED ${what}`) };
  const run = options.partitioned ? torturePartitioned : torture;
  const verdict = await run(options, events, stop.signal);
  progress.stop();
  await endProcesses();
  say(describe(verdict, options, (performance.now() - startedAtMs) / 1000));
  if (verdict.wrong.length > 0) return EXIT_FOUND;
  return verdict.tally.rounds < options.rounds ? EXIT_INTERRUPTED : 0;
}

function createProgress(rounds: number) {
  if (!process.stderr.isTTY) {
    const show = (done: number, story: string) => {
      if (done % LINE_EVERY === 0) note(`round ${done + 1} of ${rounds}, ${story}`);
    };
    return { show, stop: () => {} };
  }
  const format = " {bar} {value}/{total} rounds | {eta_formatted} | {story}";
  const bar = new SingleBar({ format, hideCursor: true, barsize: 20 }, Presets.shades_classic);
  bar.start(rounds, 0, { story: "starting" });
  return {
    show: (done: number, story: string) => bar.update(done, { story }),
    stop: () => bar.stop(),
  };
}

function describe(verdict: Verdict, options: TortureOptions, seconds: number): string {
  const { tally, wrong, story, kept } = verdict;
  const found =
    wrong.length === 0
      ? []
      : [
          `WRONG in round ${tally.rounds + 1} (${story}):`,
          ...wrong.map((sentence) => `  ${sentence}`),
          `  The nodes' directories, logs and the clients' history are kept in ${kept}`,
        ];
  const last =
    `${tally.rounds} of ${options.rounds} rounds in ${seconds.toFixed(0)} s: ` +
    `${tally.lost} acknowledged writes lost, ${tally.visibleRefused} refused ones visible, ` +
    `${wrong.length} violations (--seed ${options.seed})`;
  return [...tally.describe(), ...found, last].join("\n");
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
