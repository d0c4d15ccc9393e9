/**
 * Schedules that chance finds seldom or never, written down: each shows the harm that one mistake
 * does. In a part of the runs one of them comes first, before the run's own misfortunes.
 */
import type { Shortcut } from "../../../src/core/shortcut.ts";
import type { Parameters } from "../parameters.ts";
import * as copies from "./copies.ts";
import type { Stage } from "./stage.ts";
import * as takeovers from "./takeovers.ts";

export interface Schedule {
  /** Where this is switched on it breaks a promise; undefined: it once found a fault. */
  readonly finds: Shortcut | undefined;
  /** What it needs of the group; all else is drawn. */
  readonly needs: Pick<Parameters, "nodes" | "writeQuorum"> & Partial<Parameters>;
  readonly play: (stage: Stage) => void;
}

const CLIENTS = {
  ...{ count: 2, keys: 4, thinkMs: 100, valueLength: 0 },
  ...{ readShare: 0.2, removeShare: 0.1, wrongNodeShare: 0 },
};
const THREE = { nodes: 3, writeQuorum: 1, clients: CLIENTS };
/** Three fill a page. */
const LARGE_VALUES = { ...CLIENTS, valueLength: 100_000 };

export const SCHEDULES = {
  "own-promise-alone": { finds: "r-minus-1", needs: THREE, play: takeovers.ownPromiseAlone },
  overtaken: {
    finds: "most-advanced",
    needs: { ...THREE, minDelayMs: 0, maxDelayMs: 50 },
    play: takeovers.overtaken,
  },
  "dead-value": { finds: "merge-all", needs: THREE, play: takeovers.deadValue },
  "half-way-there": {
    finds: "ack-unsynced",
    needs: { ...THREE, clients: LARGE_VALUES },
    play: copies.halfWayThere,
  },
  "unfenced-leader": { finds: "no-fence", needs: THREE, play: takeovers.unfencedLeader },
  "blank-promise": { finds: "blank-votes", needs: THREE, play: takeovers.blankPromise },
  "promise-under-way": { finds: "forget-promise", needs: THREE, play: takeovers.promiseUnderWay },
  "forgotten-tombstone": {
    finds: "tombstone-at-quorum",
    needs: THREE,
    play: copies.forgottenTombstone,
  },
  "unnoted-memory": {
    finds: "no-notes",
    needs: { nodes: 6, writeQuorum: 3 },
    play: takeovers.unnotedMemory,
  },
  "forgotten-promise": {
    finds: "notes-ignored",
    needs: { nodes: 6, writeQuorum: 3 },
    play: takeovers.forgottenPromise,
  },
  "led-since": {
    finds: "again-c-minus-1",
    needs: { nodes: 5, writeQuorum: 2 },
    play: takeovers.ledSince,
  },
  "quorum-unheard": {
    finds: "quorum-early",
    needs: { nodes: 5, writeQuorum: 3 },
    play: takeovers.quorumUnheard,
  },
  "full-disk": { finds: "ack-before-commit", needs: THREE, play: copies.fullDisk },
  "overwritten-in-catch-up": {
    finds: "jump-early",
    needs: { ...THREE, clients: LARGE_VALUES, minDelayMs: 40, maxDelayMs: 60 },
    play: copies.overwrittenInCatchUp,
  },
  "read-of-the-deposed": {
    finds: "read-unconfirmed",
    needs: THREE,
    play: takeovers.readOfTheDeposed,
  },
  "dies-inheriting": { finds: undefined, needs: THREE, play: takeovers.diesInheriting },
} as const satisfies Record<string, Schedule>;

export type ScheduleName = keyof typeof SCHEDULES;
