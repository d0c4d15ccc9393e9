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
import { STARTS } from "./contestants.ts";
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
  try {
    await measure({ ...options, systems }, { directory, signal, results });
  } finally {
    await rm(directory, { recursive: true, force: true });
    await writeResults(options.out, results);
  }
  console.log(describeResults(results));
  const seconds = Math.round((performance.now() - startedAtMs) / 1000);
  console.log(`\nMeasured in ${seconds} s. Tables and plots: ${options.out}`);
  return signal.aborted ? EXIT_INTERRUPTED : 0;
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
}

async function measure(options: PeersOptions, { directory, signal, results }: Stage) {
  const logDirectory = join(options.out, "logs");
  const { seconds, warmUpSeconds, memoryKeys: keys } = options;
  console.error("The driver's own limit first.");
  const connections = options.connections.filter((each) =>
    BASE.connections.some((known) => known === each),
  );
  results.limits = await measureLimits(connections, { seconds: LIMIT_SECONDS, signal });
  if (keys > 0) {
    results.memory = await measureMemory(options.systems, {
      ...{ keys, directory, logDirectory, signal, said: (what) => console.error(what) },
    });
  }
  const arena = new Arena();
  try {
    const environment = new Map(results.environment);
    for (const system of options.systems) {
      if (signal.aborted) return;
      await arena.start(system, { directory, logDirectory });
      environment.set(system, arena.deploymentOf(system).description);
      results.environment = environment;
    }
    environment.set(
      "Order",
      `${plural(options.rounds, "round")}, shuffled by seed ${options.seed}`,
    );
    const plan = planOf(options);
    const measured = (run: Run) => {
      results.runs.push(run);
      warn(run);
    };
    const { limits } = results;
    await runRounds({ arena, plan, limits, seconds, warmUpSeconds, signal, measured });
  } finally {
    await arena.stop();
  }
}

function warn(run: Run): void {
  const failures = failuresOf(run);
  if (run.load.served === 0) {
    const why = run.load.complaint ?? JSON.stringify(run.load.failures);
    throw new BenchError(`${run.contestant.name} served nothing: ${why}`);
  }
  if (failures > 0) {
    const what = JSON.stringify(run.load.failures);
    console.error(`${run.contestant.name} did not serve ${failures}: ${what}`);
  }
}

await runToEnd(main);
