/** `bun run bench:peers`: kvnode beside Redis, etcd and two reports. `--help` says more. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { nodeCommand } from "../cluster/node-process.ts";
import { EXIT_INTERRUPTED, endOnSignals, runToEnd } from "../ending.ts";
import { BenchError } from "../quorum/bench-error.ts";
import { plural } from "../quorum/describe.ts";
import { describeEnvironment } from "../quorum/environment.ts";
import { makeScratch } from "../scratch.ts";
import { Arena } from "./arena.ts";
import { STARTS, type System } from "./contestants.ts";
import { measureLimits } from "./limits.ts";
import { measureMemory } from "./memory.ts";
import { type PeersOptions, readOptions } from "./options.ts";
import { installLines, missingOf, NEEDS } from "./packages.ts";
import { BASE, planOf } from "./plan.ts";
import { failuresOf, type Results, type Run } from "./results.ts";
import { runRounds } from "./rounds.ts";
import { describeResults } from "./tables.ts";
import { writeResults } from "./write-results.ts";

const LIMIT_SECONDS = 1;
/** Not beside the results, which may be kept: each system has a directory of its own in here. */
const LOGS = "bench/out/peers/logs";
/** A system has failed in the middle. */
const EXIT_FAILED = 1;

type Found = { -readonly [Field in keyof Results]: Results[Field] } & { readonly runs: Run[] };

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return 0;
  if (options.packages) {
    console.log(installLines(missingOf(Object.values(NEEDS))));
    return 0;
  }
  const signal = endOnSignals();
  const { systems, missing } = presentOf(options);
  const results: Found = {
    ...{ environment: describeEnvironment(nodeCommand().name), missing, limits: [], memory: [] },
    runs: [],
  };
  const directory = await makeScratch(options.disk, "peers");
  const startedAtMs = performance.now();
  const failed: System[] = [];
  try {
    await measure({ ...options, systems }, { directory, signal, results, failed });
  } finally {
    await rm(directory, { recursive: true, force: true });
    // What another run has left there is worth more than nothing.
    if (results.runs.length + results.memory.length > 0) {
      await writeResults(options.out, results);
      console.log(describeResults(results));
      const seconds = Math.round((performance.now() - startedAtMs) / 1000);
      console.log(`\nMeasured in ${seconds} s. Tables and plots: ${options.out}`);
    }
    console.log(`Each system's own logs: ${LOGS}`);
  }
  if (signal.aborted) return EXIT_INTERRUPTED;
  return failed.length > 0 ? EXIT_FAILED : 0;
}

/** Each system whose package is missing is left out, with a line. */
function presentOf({ systems }: PeersOptions) {
  const missing: string[] = [];
  const present = systems.filter((system) => {
    const { need } = STARTS[system];
    if (need === undefined || need.there()) return true;
    missing.push(`${system} is left out: it needs ${need.packages.join(" and ")}.`);
    return false;
  });
  for (const line of missing) console.error(line);
  if (missing.length > 0) {
    console.error("What installs them: bun run bench:peers -- --packages");
  }
  return { systems: present, missing };
}

interface Stage {
  readonly directory: string;
  readonly signal: AbortSignal;
  /** What is found before something fails is kept. */
  readonly results: Found;
  readonly failed: System[];
}

async function measure(options: PeersOptions, stage: Stage): Promise<void> {
  const { directory, signal, results } = stage;
  const { seconds, warmUpSeconds, memoryKeys: keys } = options;
  const failed = leaveOut(stage);
  console.error("The driver's own limit first.");
  const connections = options.connections.filter((each) =>
    BASE.connections.some((known) => known === each),
  );
  results.limits = await measureLimits(connections, { seconds: LIMIT_SECONDS, signal });
  if (keys > 0) {
    const said = (what: string) => console.error(what);
    results.memory = await measureMemory(options.systems, {
      ...{ keys, directory, logDirectory: LOGS, signal, said, failed },
    });
  }
  const arena = new Arena();
  try {
    await startAll(arena, options.systems, { ...stage, leaveOut: failed });
    if (signal.aborted) return;
    const { rounds, axisRounds, seed } = options;
    results.environment = new Map(results.environment).set(
      "Order",
      `${plural(rounds, "round")} at the points that figures are made of, ${axisRounds} at the ` +
        `others, shuffled by seed ${seed}`,
    );
    const measured = (run: Run) => {
      results.runs.push(run);
      warn(run);
    };
    const of = { plan: planOf(options), limits: results.limits, seconds, warmUpSeconds, signal };
    await runRounds({ arena, ...of, measured, failed });
  } finally {
    await arena.stop();
  }
}

type LeaveOut = (system: System, when: string, error: BenchError) => void;

/** Says that a system has failed, here and in the results. */
function leaveOut({ results, failed }: Stage): LeaveOut {
  return (system, when, error) => {
    failed.push(system);
    const line = `${system} is left out from here on (${when}): ${error.message}`;
    results.missing = [...results.missing, line];
    console.error(`${line}\nIts logs: ${join(LOGS, system)}`);
  };
}

/** Starts one after the other; who does not start is left out. */
async function startAll(
  arena: Arena,
  systems: readonly System[],
  stage: Stage & { readonly leaveOut: LeaveOut },
): Promise<void> {
  const { directory, signal, results } = stage;
  for (const system of systems) {
    if (signal.aborted) return;
    try {
      await arena.start(system, { directory, logDirectory: LOGS });
      const { description } = arena.deploymentOf(system);
      results.environment = new Map(results.environment).set(system, description);
    } catch (error) {
      if (!(error instanceof BenchError)) throw error;
      stage.leaveOut(system, "start", error);
    }
  }
}

function warn(run: Run): void {
  const failures = failuresOf(run);
  if (failures === 0) return;
  const what = JSON.stringify(run.load.failures);
  console.error(`${run.contestant.name} did not serve ${failures}: ${what}`);
}

await runToEnd(main);
