/**
 * What a run of a whole cluster is like, all of it drawn from its seed: workers and partitions,
 * copies and quorum, heartbeats, network, clients, and how often each misfortune comes.
 */
import type { Random } from "../../../src/base/random.ts";
import { between, chance, createStream, logUniform, pick } from "../draw.ts";
import {
  type ClientParameters,
  drawClients,
  drawNetwork,
  fields,
  type NetworkParameters,
} from "../parameters.ts";
import { MISFORTUNES, type MisfortuneName } from "./misfortunes/names.ts";

/** Failure detection, and what befalls the calls that are no links. */
export interface CallParameters {
  readonly heartbeatIntervalMs: number;
  readonly heartbeatTimeoutMs: number;
  readonly checkIntervalMs: number;
  /** So long a worker waits for the answer to a heartbeat, and for the one to a forwarded call. */
  readonly heartbeatPatienceMs: number;
  readonly forwardPatienceMs: number;
  /** Probabilities for each call: it or its answer is lost, comes very late, or comes twice. */
  readonly loss: number;
  readonly late: number;
  readonly duplication: number;
}

export interface ClusterParameters {
  readonly seed: number;
  readonly workers: number;
  /** So many of them are added only while things go wrong. */
  readonly lateWorkers: number;
  readonly partitions: number;
  readonly replicas: number;
  /** Copies behind an acknowledged write, the primary's included. */
  readonly writeQuorum: number;
  /** How many moves at once; see PlanSettings. */
  readonly movesAtOnce: number;
  /** Each worker has a disk, as the controller always has; else a process that dies forgets all. */
  readonly durable: boolean;
  /** How long misfortunes last, before all heals. */
  readonly faultsMs: number;
  readonly replicationTimeoutMs: number;
  readonly linkQueueBytes: number;
  readonly pendingBytes: number;
  /** How fast learners are brought up to date. */
  readonly rebalanceBytesPerSecond: number;
  readonly clockDrift: number;
  readonly calls: CallParameters;
  readonly network: NetworkParameters;
  readonly clients: ClientParameters;
  /** How often each happens in a second; 0 is never. */
  readonly rates: Readonly<Record<MisfortuneName, number>>;
  /** How likely each biased misfortune follows the message that it waits for. */
  readonly ambush: number;
  /** The written schedule that comes before all that, or "none". */
  readonly schedule: string;
}

/** All that a run needs to know, without a written schedule; the same for the same seed. */
export function drawFreely(seed: number): ClusterParameters {
  const random = createStream(seed, "cluster parameters");
  const workers = between(random, 3, 6);
  const replicas = between(random, 2, 4);
  const durable = chance(random, 0.5);
  const clients = drawClients(random);
  // A copy takes at most some seconds.
  const copyBytes = 100 + clients.keys * clients.valueLength;
  // Where one of three may be away and one acknowledgement is needed, most can happen.
  const writeQuorum = chance(random, 0.5)
    ? Math.min(replicas, workers, 2)
    : between(random, 1, Math.min(replicas, workers));
  return {
    seed,
    workers,
    lateWorkers: chance(random, 0.5) ? 0 : between(random, 0, workers - Math.max(2, writeQuorum)),
    partitions: between(random, 1, 4),
    replicas,
    writeQuorum,
    movesAtOnce: between(random, 1, 3),
    durable,
    faultsMs: logUniform(random, 1_000, 15_000),
    replicationTimeoutMs: logUniform(random, 300, 2_000),
    linkQueueBytes: chance(random, 0.8) ? 16 * 1024 * 1024 : logUniform(random, 100, 20_000),
    pendingBytes: 64 * 1024 * 1024,
    rebalanceBytesPerSecond: copyBytes * (chance(random, 0.6) ? 1e6 : logUniform(random, 0.2, 100)),
    clockDrift: chance(random, 0.7) ? 0 : logUniform(random, 0.001, 0.2),
    calls: drawCalls(random),
    network: { ...drawNetwork(random), delayMs: logUniform(random, 0.05, 10) },
    clients,
    rates: drawRates(random, durable),
    ambush: chance(random, 0.3) ? 0 : logUniform(random, 0.05, 1),
    schedule: "none",
  };
}

function drawCalls(random: Random): CallParameters {
  const heartbeatTimeoutMs = logUniform(random, 300, 2_000);
  const heartbeatIntervalMs = heartbeatTimeoutMs / pick(random, [3, 4, 6]);
  const rough = chance(random, 0.5);
  const often = () => (rough && chance(random, 0.6) ? logUniform(random, 0.005, 0.2) : 0);
  return {
    heartbeatTimeoutMs,
    heartbeatIntervalMs,
    checkIntervalMs: heartbeatTimeoutMs / pick(random, [3, 6]),
    heartbeatPatienceMs: heartbeatTimeoutMs / 2,
    forwardPatienceMs: logUniform(random, 300, 3_000),
    loss: often(),
    late: often(),
    duplication: often(),
  };
}

/** Of all that can happen in this kind of run, about half does. */
function drawRates(random: Random, durable: boolean): Record<MisfortuneName, number> {
  const rates = {} as Record<MisfortuneName, number>;
  for (const [name, { needsDisk, perSecond }] of Object.entries(MISFORTUNES)) {
    const happens = chance(random, 0.5);
    const rate = logUniform(random, perSecond / 10, perSecond * 2);
    rates[name as MisfortuneName] = happens && (durable || !needsDisk) ? rate : 0;
  }
  return rates;
}

/** For people: one line a group of settings, times in ms and rates a second. */
export function formatClusterParameters(parameters: ClusterParameters): string[] {
  const { calls, network, clients, rates, ...rest } = parameters;
  const on = Object.entries(rates).filter(([, rate]) => rate > 0);
  return [
    `run      ${fields(rest)}`,
    `calls    ${fields({ ...calls })}`,
    `network  ${fields({ ...network })}`,
    `clients  ${fields({ ...clients })}`,
    `rates    ${fields(Object.fromEntries(on))}`,
  ];
}
