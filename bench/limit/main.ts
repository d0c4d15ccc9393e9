/** `bun run bench:limit`: what this machine allows, and how near we come. `--help` says more. */
import { mkdir, rm } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { stringify } from "csv-stringify/sync";
import { nodeCommand } from "../cluster/node-process.ts";
import { exitOnSignals, runToEnd } from "../ending.ts";
import { LoadProcess } from "../load/load-process.ts";
import { writePlot } from "../plot/render.ts";
import { announceEnvironment } from "../quorum/environment.ts";
import { Progress } from "../quorum/progress.ts";
import { makeScratch } from "../scratch.ts";
import { measureEntries } from "./entry.ts";
import { measureSync } from "./fsync.ts";
import { measureHttp, SERVERS } from "./http.ts";
import { type LimitOptions, readOptions } from "./options.ts";
import { limitPlot } from "./plot.ts";
import { compare, type Parts, type Results } from "./results.ts";
import { measureLinks, measureRawRoundTrip } from "./round-trip.ts";
import { FOLLOWERS, measureModes } from "./run-modes.ts";
import { costRows, describeResults, limitRows, summaryMarkdown } from "./tables.ts";

/** Not beside the results, which may be kept. */
const LOGS = "bench/out/limit/logs";
const MODES = 3;

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return;
  const environment = announceEnvironment(nodeCommand().name);
  const directory = await makeScratch(options.disk, "limit");
  exitOnSignals(directory);
  const progress = new Progress(
    Object.values(expectedMs(options)).map((ms) => ({ expectedMs: ms })),
  );
  const driver = new LoadProcess();
  const startedAtMs = performance.now();
  try {
    const found = await measure(options, { driver, directory, progress });
    const results: Results = { environment, cores: cpus().length, ...found };
    await writeResults(options.out, results);
    console.log(describeResults(results));
    const seconds = Math.round((performance.now() - startedAtMs) / 1000);
    console.log(`\nMeasured in ${seconds} s. Tables and plot: ${options.out}`);
  } finally {
    progress.stop();
    await driver.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Of each step, for the time left only. */
function expectedMs({ connections, rounds, seconds, warmUpSeconds }: LimitOptions) {
  const loads = connections.length * seconds * 1_000;
  return {
    sync: 4_000 * seconds,
    trips: 4_000 * seconds,
    entries: 4_000 * seconds,
    http: SERVERS.length * (2 * loads + 1_000 * warmUpSeconds),
    modes: MODES * (rounds * loads + 1_000 * warmUpSeconds),
  };
}

async function measure(
  options: LimitOptions,
  has: { driver: LoadProcess; directory: string; progress: Progress },
): Promise<Pick<Results, "parts" | "runs">> {
  const { driver, directory, progress } = has;
  const { seconds } = options;
  const expected = expectedMs(options);
  const step = async <Found>(
    name: keyof typeof expected,
    label: string,
    work: () => Found | Promise<Found>,
  ): Promise<Found> => {
    progress.start({ label, total: 1, expectedMs: expected[name] });
    const found = await work();
    progress.finish("done");
    return found;
  };
  const base = { ...options, driver, logDirectory: LOGS };
  const nodes = FOLLOWERS + 1;
  const parts: Parts = {
    sync: await step("sync", "fsync and commit", () => measureSync(directory, { seconds, nodes })),
    ...(await step("trips", "round trips", async () => ({
      raw: await measureRawRoundTrip(seconds),
      links: await measureLinks(seconds, FOLLOWERS),
    }))),
    entries: await step("entries", "entries", () => measureEntries(seconds, FOLLOWERS)),
    http: await step("http", "HTTP", () => measureHttp(base)),
  };
  const said = (what: string) => {
    if (!process.stderr.isTTY) console.error(what);
  };
  const runs = await step("modes", "a real group", () =>
    measureModes({ ...base, directory, said }),
  );
  return { parts, runs };
}

async function writeResults(directory: string, results: Results): Promise<void> {
  await mkdir(directory, { recursive: true });
  const compared = compare(results);
  const costs = [["part", "cost"], ...costRows(results.parts)];
  await Bun.write(join(directory, "costs.csv"), stringify(costs));
  await Bun.write(join(directory, "limit.csv"), stringify(limitRows(compared)));
  const plot = limitPlot(compared);
  if (plot !== undefined) await writePlot(directory, plot);
  await Bun.write(join(directory, "summary.md"), summaryMarkdown(results));
}

await runToEnd(main);
