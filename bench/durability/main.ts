/** `bun run bench:durability`: draws which acknowledged writes survive. `--help` says more. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createSeededRandom, type Random, randomBelow } from "../../src/base/random.ts";
import { nodeCommand } from "../cluster/node-process.ts";
import { EXIT_INTERRUPTED, endOnSignals, runToEnd } from "../ending.ts";
import { writePlot } from "../plot/render.ts";
import { describeEnvironment } from "../quorum/environment.ts";
import { Progress } from "../quorum/progress.ts";
import { type Case, MODES, type Outcome, runExperiment } from "./experiment.ts";
import { type DurabilityOptions, readOptions } from "./options.ts";
import { brokenPromises, type Results, type Setting } from "./results.ts";
import { survivalPlot } from "./survival-plot.ts";
import { cellsCsv, describeResults, runsCsv, summaryMarkdown } from "./tables.ts";

const FOLLOWERS = 5;
/** Long enough that many copies are under way when the leader dies. */
const DELAY_MS = { minDelayMs: 20, maxDelayMs: 200 };
const EXIT_BROKEN = 1;
/** Guesses for the progress: a takeover that waits for the dead takes longer. */
const RUN_MS = { unharmed: 1_500, harmed: 3_500 };

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return 0;
  const signal = endOnSignals();
  const setting: Setting = { ...options, ...DELAY_MS, followers: FOLLOWERS };
  const environment = describeEnvironment(nodeCommand().name);
  const outcomes = await runAll(setting, options, signal);
  const results = { setting, environment, outcomes };
  await write(options.out, results);
  console.log(describeResults(results));
  console.log(`\nTables and picture: ${options.out}`);
  if (signal.aborted) return EXIT_INTERRUPTED;
  return brokenPromises(results).length > 0 ? EXIT_BROKEN : 0;
}

/** Several groups at once: most of a run's time is spent waiting for nodes that are dead. */
async function runAll(
  setting: Setting,
  options: DurabilityOptions,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const random = createSeededRandom(setting.seed);
  const cases = shuffle(casesOf(setting), random);
  const steps = cases.map(toStep);
  const progress = new Progress(steps);
  const outcomes: Outcome[] = [];
  const logDirectory = join(options.out, "logs");
  const work = async () => {
    for (;;) {
      const next = signal.aborted ? undefined : cases.pop();
      if (next === undefined) return;
      const outcome = await runExperiment(next, { ...setting, random, logDirectory });
      outcomes.push(outcome);
      progress.start(toStep(next));
      progress.finish(`${outcome.lost} of ${outcome.acknowledged} acknowledged writes lost`);
    }
  };
  try {
    await Promise.all(Array.from({ length: options.groups }, work));
  } finally {
    progress.stop();
  }
  return outcomes.sort(byCase);
}

function casesOf({ quorums, repeats, followers }: Setting): Case[] {
  return MODES.flatMap((mode) => {
    // All six may be killed where they come back.
    const most = mode === "disk-kept" ? followers + 1 : followers;
    return quorums.flatMap((writeQuorum) =>
      Array.from({ length: most + 1 }, (_, nodesLost) =>
        Array.from({ length: repeats }, (_, at) => ({
          ...{ mode, writeQuorum, nodesLost, repeat: at + 1 },
        })),
      ).flat(),
    );
  });
}

function toStep({ mode, writeQuorum, nodesLost, repeat }: Case) {
  const label = `${mode}, quorum ${writeQuorum}, ${nodesLost} lost, run ${repeat}`;
  const harmed = nodesLost > 0 && mode !== "disk-kept";
  return { label, total: 1, expectedMs: harmed ? RUN_MS.harmed : RUN_MS.unharmed };
}

function shuffle<Item>(items: readonly Item[], random: Random): Item[] {
  const rest = [...items];
  return items.flatMap(() => rest.splice(randomBelow(random, rest.length), 1));
}

function byCase(one: Outcome, other: Outcome): number {
  return (
    MODES.indexOf(one.mode) - MODES.indexOf(other.mode) ||
    one.writeQuorum - other.writeQuorum ||
    one.nodesLost - other.nodesLost ||
    one.repeat - other.repeat
  );
}

async function write(directory: string, results: Results): Promise<void> {
  await mkdir(directory, { recursive: true });
  await Bun.write(join(directory, "durability.csv"), runsCsv(results));
  await Bun.write(join(directory, "cells.csv"), cellsCsv(results));
  await Bun.write(join(directory, "summary.md"), summaryMarkdown(results));
  const plot = survivalPlot(results);
  if (plot !== undefined) await writePlot(directory, plot);
}

await runToEnd(main);
