/** The options of `bun run bench:peers`. */
import { tmpdir } from "node:os";
import type { Command } from "commander";
import {
  commandOf,
  nameList,
  numberList,
  option,
  parseOptions,
  wholeNumber,
} from "../option-parsers.ts";
import { BenchError, EXIT_USAGE } from "../quorum/bench-error.ts";
import { SYSTEMS } from "./contestants.ts";
import { REPLICAS } from "./deployments/deployment.ts";
import { BASE, type Extent, LOADS } from "./plan.ts";

export interface PeersOptions extends Extent {
  /** Of each measured load. */
  readonly seconds: number;
  /** Of load before the first round, for those that compile while they run. */
  readonly warmUpSeconds: number;
  /** For the memory of a key; 0 leaves that out. */
  readonly memoryKeys: number;
  /** Only says which packages are missing. */
  readonly packages: boolean;
  /** The systems' directories are made in here, and removed in the end. */
  readonly disk: string;
  readonly out: string;
}

interface Parsed extends Partial<PeersOptions> {
  readonly disk: string;
  readonly out: string;
  readonly quick?: boolean;
}

type Amount = Omit<PeersOptions, "seed" | "packages" | "disk" | "out">;

const WHOLE: Amount = {
  systems: SYSTEMS,
  loads: LOADS,
  quorums: [1, 3, 5],
  connections: [1, 20, 100, 400],
  values: [16, 100, 1024, 65_536],
  rounds: 5,
  axisRounds: 3,
  seconds: 2,
  warmUpSeconds: 16,
  memoryKeys: 1_000_000,
};

const QUICK: Amount = {
  ...WHOLE,
  quorums: [BASE.quorum],
  connections: BASE.connections,
  values: [BASE.valueBytes],
  loads: ["writes", "reads"],
  rounds: 2,
  axisRounds: 1,
  seconds: 1,
  warmUpSeconds: 6,
  memoryKeys: 100_000,
};

/** What fewer take is hidden by a process's own ups and downs. */
const MEMORY_KEYS_LEAST = 100_000;

/** Undefined where help was asked for; throws BenchError for a bad one. */
export function readOptions(args: readonly string[]): PeersOptions | undefined {
  const parsed = parseOptions<Parsed>(describeCommand(), args);
  if (parsed === undefined) return undefined;
  const { quick = false, seed = Date.now() % 100_000, packages = false, ...rest } = parsed;
  const { memoryKeys = 0 } = rest;
  if (memoryKeys > 0 && memoryKeys < MEMORY_KEYS_LEAST) {
    const sentence = `allowed is 0 or a whole number from ${MEMORY_KEYS_LEAST}`;
    throw new BenchError(`--memory-keys "${memoryKeys}": ${sentence}.`, EXIT_USAGE);
  }
  return { ...(quick ? QUICK : WHOLE), ...rest, seed, packages };
}

function describeCommand(): Command {
  const text =
    "Compares kvnode, in memory and on disk, with Redis (SET and WAIT), etcd and two of the " +
    "reports, rebuilt. Starts each of them for real from Debian's packages, loads one at a " +
    "time with the same keys, values and connections, in shuffled rounds, and leaves tables " +
    "and plots in --out. About fifteen minutes.";
  return commandOf("bun run bench:peers", text, [
    option("--packages", "only print what installs the packages that are missing"),
    option("--systems <list>", `of ${SYSTEMS.join(", ")} (default: all)`, nameList(SYSTEMS)),
    option("--loads <list>", `of ${LOADS.join(", ")} (default: all)`, nameList(LOADS)),
    option(
      "--quorums <list>",
      "nodes beside the leader that confirm a write (default: 1,3,5)",
      numberList(1, REPLICAS),
    ),
    option("--connections <list>", "how many (default: 1,20,100,400)", numberList(1, 2_000)),
    option(
      "--values <list>",
      "bytes of a value (default: 16,100,1024,65536)",
      numberList(1, 1_000_000),
    ),
    option("--rounds <count>", "of what the figures are made of (default: 5)", wholeNumber(1, 100)),
    option("--axis-rounds <count>", "of everything else (default: 3)", wholeNumber(1, 100)),
    option("--seconds <count>", "of each measured load (default: 2)", wholeNumber(1, 600)),
    option(
      "--warm-up-seconds <count>",
      "of load before the first round, for kvnode (default: 16)",
      wholeNumber(1, 600),
    ),
    option(
      "--memory-keys <count>",
      "for the memory of a key; 0 leaves it out (default: 1000000)",
      wholeNumber(0, 10_000_000),
    ),
    option("--seed <number>", "for the order of the rounds", wholeNumber(0, 2 ** 32 - 1)),
    option("--quick", "fewer points, rounds, seconds and keys: about three minutes"),
    option("--disk <directory>", "where the systems' disks lie").default(tmpdir()),
    option("--out <directory>", "where figures and plots go").default("bench/out/peers"),
  ]);
}
