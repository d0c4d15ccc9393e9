/**
 * One experiment: load, kill -9 the leader in the middle of it together with some followers,
 * promote one of those that are left, and look for every write whose client was told that it is
 * safe.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Random, randomBelow } from "../../src/base/random.ts";
import { CrashGroup } from "../cluster/crash-group.ts";
import { BenchError } from "../quorum/bench-error.ts";
import { keyFor, PacedWrites, type ToldOutcomes, valueFor } from "./paced-writes.ts";
import { promote } from "./promotion.ts";
import type { LossModel } from "./theory.ts";

/**
 * What a node has, and what becomes of it: `memory` forgets with the process; `disk-lost` loses the
 * directory too; `disk-kept` is killed and comes back with its directory.
 */
export const MODES = ["memory", "disk-lost", "disk-kept"] as const;
export type Mode = (typeof MODES)[number];

export interface Case {
  readonly mode: Mode;
  readonly writeQuorum: number;
  /** Nodes that are killed, the leader first; in the first two modes they are lost for good. */
  readonly nodesLost: number;
  /** Counts from 1. */
  readonly repeat: number;
}

export interface Outcome extends Case {
  readonly acknowledged: number;
  /** Acknowledged, and not at the new leader. */
  readonly lost: number;
  /** Indeterminate for their clients. */
  readonly indeterminate: number;
  readonly indeterminateKept: number;
  readonly refused: number;
  /** Refused, and there all the same. */
  readonly refusedVisible: number;
  /** The takeover was refused as unsafe, and forced. */
  readonly forced: boolean;
}

export interface ExperimentOptions extends LossModel {
  readonly random: Random;
  readonly logDirectory: string;
}

/**
 * The leader dies after so many longest delays, and up to one more: writes of every age are there.
 */
const DELAYS_BEFORE_LOSS = 2;
const CALL_MS_MAX = 20_000;
/** Writes are answered a little later than theory says. */
const LATENCY_EXTRA_MS = 60;

/** Runs one case from six fresh nodes to their end. */
export async function runExperiment(which: Case, options: ExperimentOptions): Promise<Outcome> {
  const { mode, writeQuorum, nodesLost, repeat } = which;
  const { followers, minDelayMs, maxDelayMs } = options;
  const onDisk = mode !== "memory";
  const dataDirectory = onDisk ? await mkdtemp(join(tmpdir(), "kvnode-durability-")) : undefined;
  const name = `${mode}-quorum${writeQuorum}-lost${nodesLost}-${repeat}`;
  const group = await CrashGroup.start({
    ...{ nodes: followers + 1, writeQuorum, minDelayMs, maxDelayMs, dataDirectory },
    logDirectory: join(options.logDirectory, name),
  });
  try {
    const load = await PacedWrites.start({
      address: group.addressOf(0),
      writesPerSecond: options.writesPerSecond,
      connections: connectionsFor(writeQuorum, options),
    });
    await Bun.sleep(maxDelayMs * (DELAYS_BEFORE_LOSS + options.random.next()));
    const { told, forced } = await loseAndPromote(group, load, which, options.random);
    return { ...which, ...told, forced };
  } finally {
    await group.stop();
    if (dataDirectory !== undefined) await rm(dataDirectory, { recursive: true, force: true });
  }
}

async function loseAndPromote(
  group: CrashGroup,
  load: PacedWrites,
  { mode, nodesLost }: Case,
  random: Random,
) {
  const slots = group.running;
  const killed = victims(slots, nodesLost, random);
  const gone = group.kill(killed);
  // With nobody killed the takeover itself comes in the middle of the load.
  const ended = killed.length > 0 ? load.end() : undefined;
  await gone;
  if (mode === "disk-lost") await group.removeDisks(killed);
  if (mode === "disk-kept") await group.run(killed);
  const candidates = group.running.filter((slot) => slot !== 0);
  const candidate = candidates[randomBelow(random, candidates.length)];
  if (candidate === undefined) throw new BenchError("Nobody is left to promote.");
  const { forced } = await promote(group.addressOf(candidate));
  const told = await (ended ?? load.end());
  return { told: await compare(group.addressOf(candidate), told), forced };
}

/** The leader and some of its followers, drawn at random. */
function victims(slots: readonly number[], count: number, random: Random): number[] {
  if (count === 0) return [];
  const followers = slots.filter((slot) => slot !== 0);
  const drawn = Array.from({ length: count - 1 }, () =>
    followers.splice(randomBelow(random, followers.length), 1),
  );
  return [0, ...drawn.flat()];
}

function connectionsFor(writeQuorum: number, model: LossModel): number {
  const { minDelayMs, maxDelayMs, followers, writesPerSecond } = model;
  const spreadMs = maxDelayMs - minDelayMs;
  const latencyMs = minDelayMs + (spreadMs * writeQuorum) / (followers + 1) + LATENCY_EXTRA_MS;
  return Math.ceil((writesPerSecond * latencyMs) / 1000);
}

/** What the new leader holds of what the clients were told. */
async function compare(leader: string, told: ToldOutcomes) {
  const response = await fetch(`${leader}/dump`, { signal: AbortSignal.timeout(CALL_MS_MAX) });
  const dump = (await response.json()) as Record<string, { value: unknown } | undefined>;
  const isThere = (write: number) => dump[keyFor(write)]?.value === valueFor(write);
  const kept = (writes: readonly number[]) => writes.filter(isThere).length;
  return {
    acknowledged: told.acknowledged.length,
    lost: told.acknowledged.length - kept(told.acknowledged),
    indeterminate: told.indeterminate.length,
    indeterminateKept: kept(told.indeterminate),
    refused: told.refused.length,
    refusedVisible: kept(told.refused),
  };
}
