/**
 * The mistakes that the simulator can switch on, to show that it would find them. Which one is on
 * is fixed when a program is built: `--define KVNODE_SHORTCUT='"no-fence"'`. Everywhere else, and
 * in every executable that is given to anybody, none is, and the bundler leaves their code out.
 */

/** Each loses acknowledged writes, brings dead values back, or breaks a read's promise. */
const IN_A_GROUP = {
  "r-minus-1": "a takeover is content with one promise less than R",
  "most-advanced": "a takeover takes the state of the most advanced node instead of merging all",
  "merge-all": "a takeover merges nodes of every synced epoch, and a returning one merges back",
  "ack-unsynced": "a follower acknowledges before it is synced",
  "no-fence": "a node takes messages of an epoch below its promise, and nobody steps down",
  "blank-votes": "a node that lost its memory counts among the promises",
  "forget-promise": "a promise is not stored before it is given",
  "tombstone-at-quorum": "a tombstone goes once the quorum holds it",
  "no-notes": "a blank node is admitted without its new memory being noted",
  "notes-ignored": "a takeover ignores that others know another memory of a node",
  "again-c-minus-1": "the last leader leads again with one promise less than C",
  "quorum-early": "a lowered quorum is used before it is committed",
  "ack-before-commit": "a follower acknowledges what is not on its disk yet",
  "jump-early": "a catch-up's end raises the watermark before all live entries are there",
  "read-unconfirmed": "a linearizable read does not ask whether this leader still leads",
} as const;

/** Those that only a cluster with a controller can make. */
export const CLUSTER_SHORTCUTS = {
  "earlier-forgotten": "a takeover asks the members of the newest generation alone",
  "learner-counts": "a learner's acknowledgement counts",
  "read-by-min": "where members change, a read is confirmed by min(C, R) of them",
  "open-too-early": "a primary says that it is open before its members hold what it began with",
  "old-copy-kept": "what a worker still holds of an older order of its copy counts",
  "tombstones-not-kept": "tombstones go although somebody who is away may come back",
  "generation-reissued": "the controller answers before it has stored what it decided",
} as const;

export const SHORTCUTS = { ...IN_A_GROUP, ...CLUSTER_SHORTCUTS } as const;

export type Shortcut = keyof typeof SHORTCUTS;

declare const KVNODE_SHORTCUT: Shortcut | undefined;

/** The one that is on in this program; undefined in all but the simulator's test builds. */
export const SHORTCUT: Shortcut | undefined =
  typeof KVNODE_SHORTCUT === "undefined" ? undefined : KVNODE_SHORTCUT;
