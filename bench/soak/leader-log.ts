/** Reads what the probe and the runtime's log of collections have left of a leader. */

export const COLLECTIONS = ["eden", "full"] as const;
/** Of what is new alone, or of everything. */
export type CollectionKind = (typeof COLLECTIONS)[number];

/** A turn of the event loop, or several, between two ticks of the probe. */
export interface Turn {
  /** When it ended: epoch, in milliseconds. */
  readonly endedAtMs: number;
  readonly ms: number;
  /** How long the thread had a processor. */
  readonly processorMs: number;
  /** How long the collector held the thread, and for which collection. */
  readonly pausedMs: number;
  readonly collection: CollectionKind | undefined;
  /** Where the profiler found the thread most often; undefined for short turns. */
  readonly sampled: string | undefined;
}

export interface Collection {
  readonly endedAtMs: number;
  readonly kind: CollectionKind;
  /** The thread stood still, all pauses of this collection together; and the longest of them. */
  readonly pausedMs: number;
  readonly pausedMsMost: number;
}

export interface LeaderLog {
  readonly turns: readonly Turn[];
  readonly collections: readonly Collection[];
}

const TICK = /^@([\d.]+) ([\d.]+) ([\d.]+)$|^#(.+)$/;
const COLLECTION = /=> (Eden|Full)Collection|\bp=([\d.]+)ms|cycle [\d.]+ms (END)/;
const TOKEN = new RegExp(`${TICK.source}|${COLLECTION.source}`, "gm");

/** What is known of a turn before its tick. */
const NOTHING: Omit<Turn, "endedAtMs" | "ms" | "processorMs"> = {
  pausedMs: 0,
  collection: undefined,
  sampled: undefined,
};

/** Reads the text of a leader's standard error; what it does not know it passes over. */
export function readLeaderLog(text: string): LeaderLog {
  const turns: Turn[] = [];
  const collections: Collection[] = [];
  let kind: CollectionKind | undefined;
  let pauses: number[] = [];
  let ended: Omit<Collection, "endedAtMs">[] = [];
  let turn = NOTHING;
  for (const [, at, gap, processor, sampled, started, pause, end] of text.matchAll(TOKEN)) {
    if (at !== undefined) {
      const endedAtMs = Number(at);
      turns.push({ endedAtMs, ms: Number(gap), processorMs: Number(processor), ...turn });
      collections.push(...ended.map((each) => ({ ...each, endedAtMs })));
      turn = NOTHING;
      ended = [];
    } else if (sampled !== undefined) {
      turn = { ...turn, sampled };
    } else if (started !== undefined) {
      kind = started === "Eden" ? "eden" : "full";
      pauses = [];
    } else if (pause !== undefined) {
      const ms = Number(pause);
      pauses.push(ms);
      const collection = kind ?? turn.collection;
      turn = { ...turn, pausedMs: turn.pausedMs + ms, collection };
    } else if (end !== undefined && kind !== undefined) {
      const pausedMs = pauses.reduce((sum, each) => sum + each, 0);
      ended.push({ kind, pausedMs, pausedMsMost: Math.max(0, ...pauses) });
      kind = undefined;
    }
  }
  return { turns, collections };
}

export type Cause = "garbage" | "waiting" | "work";

/** What held the thread for most of the time: the collector, nobody (no processor), or its work. */
export function causeOf({ ms, pausedMs, processorMs }: Turn): Cause {
  if (pausedMs >= ms / 2) return "garbage";
  return processorMs < ms / 2 ? "waiting" : "work";
}

/** `collection of garbage (full: the thread stood still for 31.2 ms)` */
export function describeCause(turn: Turn): string {
  const { processorMs, pausedMs, collection, sampled } = turn;
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  const where = sampled === undefined ? "" : `; ${sampled}`;
  switch (causeOf(turn)) {
    case "garbage":
      return `collection of garbage (${collection}: the thread stood still for ${ms(pausedMs)})`;
    case "waiting":
      return `no processor (the thread had one for ${ms(processorMs)}${where})`;
    case "work":
      return `its own work (${ms(processorMs)} of processor time${where})`;
  }
}
