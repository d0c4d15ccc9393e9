/**
 * What the nodes can do by now. A misfortune that needs what is not there yet is never drawn; to
 * switch a feature on here is all that the simulator needs.
 */
export const FEATURES = {
  /** A node keeps its record and entries in its storage, and starts from them. */
  disk: true,
  /** A follower can be promoted; a leader that returns follows; a blank group recovers. */
  takeover: true,
  /** A change of the quorum is an entry that becomes committed. */
  quorumEntry: true,
};

export type Feature = keyof typeof FEATURES;
