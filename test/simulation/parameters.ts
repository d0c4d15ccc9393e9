/**
 * What a run is like, all of it drawn from its seed: the group, its network, its clients, and how
 * often each misfortune comes. Rates are log-uniform, and many are off in any one run: a run with a
 * little of everything finds less than one with much of a few things.
 */
import type { Random } from "../../src/base/random.ts";
import { between, chance, createStream, logUniform, pick } from "./draw.ts";
import { FEATURES } from "./features.ts";
import { MISFORTUNES, type MisfortuneName } from "./misfortunes/names.ts";

export interface NetworkParameters {
  /** The usual delay of a message. */
  readonly delayMs: number;
  /** The longest is about so many times that. */
  readonly spread: number;
  /** Messages arrive at multiples of this, so that several make one turn; 0: at any time. */
  readonly gridMs: number;
  /** Noise, see faulty-network.ts: probabilities for each message. */
  readonly loss: number;
  readonly duplication: number;
  readonly reordering: number;
}

export interface ClientParameters {
  readonly count: number;
  readonly keys: number;
  /** Pause between two operations of one client, on average. */
  readonly thinkMs: number;
  readonly readShare: number;
  readonly removeShare: number;
  /** How often a client asks a node that it does not believe to lead. */
  readonly wrongNodeShare: number;
  /** Text units of a value; large ones make catch-up take several pages. */
  readonly valueLength: number;
}

export interface Parameters {
  readonly seed: number;
  readonly nodes: number;
  readonly writeQuorum: number;
  /** Each node has a disk; else a process that dies forgets all. */
  readonly durable: boolean;
  /** How long misfortunes last, before all heals. */
  readonly faultsMs: number;
  readonly replicationTimeoutMs: number;
  readonly linkQueueBytes: number;
  /** What may wait for its quorum. */
  readonly pendingBytes: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  /** How far the nodes' clocks run apart, as a share of their speed. */
  readonly clockDrift: number;
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
export function drawFreely(seed: number): Parameters {
  const random = createStream(seed, "parameters");
  const nodes = between(random, 3, 7);
  const writeQuorum = between(random, 0, nodes - 1);
  const durable = FEATURES.disk && chance(random, 0.5);
  const maxDelayMs = chance(random, 0.6) ? 0 : logUniform(random, 0.1, 50);
  return {
    seed,
    nodes,
    writeQuorum,
    durable,
    faultsMs: logUniform(random, 500, 8_000),
    replicationTimeoutMs: logUniform(random, 100, 2_000),
    linkQueueBytes: chance(random, 0.7) ? 16 * 1024 * 1024 : logUniform(random, 100, 20_000),
    pendingBytes: chance(random, 0.8) ? 64 * 1024 * 1024 : logUniform(random, 200, 5_000),
    minDelayMs: maxDelayMs * random.next(),
    maxDelayMs,
    clockDrift: chance(random, 0.7) ? 0 : logUniform(random, 0.001, 0.2),
    network: drawNetwork(random),
    clients: drawClients(random),
    rates: drawRates(random, durable),
    ambush: chance(random, 0.3) ? 0 : logUniform(random, 0.05, 1),
    schedule: "none",
  };
}

export function drawNetwork(random: Random): NetworkParameters {
  const noisy = chance(random, 0.25);
  const noise = () => (noisy && chance(random, 0.6) ? logUniform(random, 0.001, 0.1) : 0);
  return {
    delayMs: logUniform(random, 0.05, 20),
    spread: logUniform(random, 0.5, 20),
    gridMs: chance(random, 0.5) ? 0 : logUniform(random, 0.1, 5),
    loss: noise(),
    duplication: noise(),
    reordering: noise(),
  };
}

export function drawClients(random: Random): ClientParameters {
  return {
    count: between(random, 1, 6),
    keys: between(random, 1, 4),
    thinkMs: logUniform(random, 5, 300),
    readShare: pick(random, [0, 0.2, 0.5]),
    removeShare: pick(random, [0, 0.1, 0.4]),
    wrongNodeShare: pick(random, [0, 0.05, 0.3]),
    valueLength: chance(random, 0.95) ? 0 : logUniform(random, 1_000, 100_000),
  };
}

/** Of all that can happen in this kind of run, about half does. */
function drawRates(random: Random, durable: boolean): Record<MisfortuneName, number> {
  const rates = {} as Record<MisfortuneName, number>;
  for (const [name, { needs, perSecond }] of Object.entries(MISFORTUNES)) {
    const possible = needs.every((need) => (need === "durable" ? durable : FEATURES[need]));
    const happens = chance(random, 0.5);
    const rate = logUniform(random, perSecond / 10, perSecond * 2);
    rates[name as MisfortuneName] = possible && happens ? rate : 0;
  }
  return rates;
}

/** For people: one line a group of settings, times in ms and rates a second. */
export function formatParameters(parameters: Parameters): string[] {
  const { network, clients, rates, ...rest } = parameters;
  const on = Object.entries(rates).filter(([, rate]) => rate > 0);
  return [
    `run      ${fields(rest)}`,
    `network  ${fields({ ...network })}`,
    `clients  ${fields({ ...clients })}`,
    `rates    ${fields(Object.fromEntries(on))}`,
  ];
}

/** `name=value` for each, short for people. */
export function fields(values: Record<string, unknown>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${typeof value === "number" ? short(value) : value}`)
    .join(" ");
}

function short(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}
