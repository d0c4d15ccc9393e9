/**
 * A member of the model as leader: writes, acknowledgements, blank nodes, changes of the quorum.
 */
import { Admissions } from "../../../src/core/admission.ts";
import {
  isSettled,
  jointQuorum,
  QUORUM_KEY,
  type QuorumState,
  quorumToValue,
  settledQuorum,
} from "../../../src/core/quorum-entry.ts";
import { SHORTCUT } from "../../../src/core/shortcut.ts";
import type { Version } from "../../../src/core/version.ts";
import type { Item } from "./messages.ts";

interface Pending {
  readonly key: string;
  readonly origin: Version;
  readonly required: number;
  readonly holders: Set<number>;
}

export class Leading {
  readonly epoch: number;
  readonly admissions: Admissions;
  sequence: number;
  commitWatermark: number;
  quorum: QuorumState;
  /** More than this no takeover assumes behind every acknowledged write. */
  #assumed: number;
  /** The sequence of the entry that says so. */
  #quorumSequence: number;
  /** The watermarks of those that are synced, by slot. */
  readonly followers = new Map<number, number>();
  readonly #pending = new Map<number, Pending>();
  readonly #acknowledged: (key: string, origin: Version) => void;

  constructor(options: {
    slot: number;
    members: number;
    epoch: number;
    sequence: number;
    commitWatermark: number;
    quorum: QuorumState;
    founded: boolean;
    acknowledged: (key: string, origin: Version) => void;
  }) {
    this.epoch = options.epoch;
    this.sequence = options.sequence;
    this.commitWatermark = options.commitWatermark;
    this.quorum = options.quorum;
    this.#assumed = options.quorum.writes;
    this.#quorumSequence = options.sequence;
    this.#acknowledged = options.acknowledged;
    const members = Array.from({ length: options.members }, (_, slot) => slot);
    this.admissions = new Admissions({ ...options, members });
  }

  get isOpen(): boolean {
    return this.followers.size >= this.quorum.writes;
  }

  /** Accepts a write; the caller applies and sends it. */
  accept(key: string, value?: string): Item {
    this.sequence += 1;
    const version = { epoch: this.epoch, sequence: this.sequence };
    this.#pending.set(this.sequence, {
      key,
      origin: version,
      required: this.quorum.writes,
      holders: new Set(),
    });
    return { key, ...version, origin: version, ...(value === undefined ? {} : { value }) };
  }

  changeQuorum(target: number): Item {
    const early = SHORTCUT === "quorum-early";
    return this.#acceptQuorum(
      early ? settledQuorum(target) : jointQuorum(this.quorum, target, this.#assumed),
    );
  }

  /** The second step, when it is time. */
  settleQuorum(): Item | undefined {
    const { writes, target } = this.quorum;
    const holders = [...this.followers.values()].filter((held) => held >= this.#quorumSequence);
    if (isSettled(this.quorum) || holders.length < writes) {
      return undefined;
    }
    this.#assumed = target;
    return this.#acceptQuorum(settledQuorum(target));
  }

  #acceptQuorum(quorum: QuorumState): Item {
    this.quorum = quorum;
    const item = this.accept(QUORUM_KEY, quorumToValue(quorum));
    this.#quorumSequence = item.sequence;
    return item;
  }

  /** A follower is synced. */
  joined(follower: number): void {
    this.followers.set(follower, this.followers.get(follower) ?? 0);
  }

  /** A follower holds this entry, and everything up to its watermark. */
  held(follower: number, sequence: number, watermark: number): void {
    const known = this.followers.get(follower);
    if (known === undefined) {
      return;
    }
    this.followers.set(follower, Math.max(known, watermark));
    for (const [pending, { key, origin, required, holders }] of this.#pending) {
      if (pending === sequence || pending <= watermark) {
        holders.add(follower);
        if (holders.size >= required) {
          this.#pending.delete(pending);
          this.#acknowledged(key, origin);
        }
      }
    }
    const held = [...this.followers.values()].sort((one, other) => other - one);
    const oldest = Math.min(this.sequence + 1, ...this.#pending.keys()) - 1;
    const everywhere = held[this.quorum.writes - 1] ?? 0;
    this.commitWatermark = Math.max(this.commitWatermark, Math.min(everywhere, oldest));
  }
}
