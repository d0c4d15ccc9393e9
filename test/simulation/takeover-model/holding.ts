/** What a member of the model remembers: its record and the entries, with or without a disk. */
import { blankRecord, type GroupRecord } from "../../../src/core/group-record.ts";
import { withNotes } from "../../../src/core/promises.ts";
import { QUORUM_KEY, type QuorumState, quorumOf } from "../../../src/core/quorum-entry.ts";
import type { PromiseAnswer } from "../../../src/core/takeover.ts";
import { compareVersions } from "../../../src/core/version.ts";
import { Watermark } from "../../../src/core/watermark.ts";
import type { Inherited } from "./candidacy.ts";
import type { Item, SyncMessage } from "./messages.ts";

export class Holding {
  record: GroupRecord;
  items = new Map<string, Item>();
  readonly #firstQuorum: number;
  #watermark = new Watermark();
  /** The highest sequence that it ever saw used. */
  #sequence = 0;

  constructor(memory: string, firstQuorum: number) {
    this.record = blankRecord(memory);
    this.#firstQuorum = firstQuorum;
  }

  get blank(): boolean {
    return this.record.synced === 0;
  }

  get quorum(): QuorumState {
    const item = this.items.get(QUORUM_KEY);
    return quorumOf(
      item === undefined ? undefined : { ...item, value: item.value },
      this.#firstQuorum,
    );
  }

  /** What it says of itself with a promise. */
  get answer(): PromiseAnswer {
    const { memory, before, led, synced, watermark, commitWatermark, notes, severed } = this.record;
    const { blank, quorum } = this;
    const sequence = this.#sequence;
    const told = { memory, before, led, synced, watermark, commitWatermark, notes };
    return { ...told, blank, quorum, sequence, severed };
  }

  /** The process ended: what it held above a gap is to be sent again. */
  restart(): void {
    this.#watermark = new Watermark(this.#watermark.value);
  }

  /** Takes one entry of the leader that it is synced to, or its own. */
  take(item: Item, commitWatermark: number): void {
    this.#apply(item);
    this.#watermark.add(item.sequence);
    this.#keepWatermarks(commitWatermark);
  }

  /** Takes a leader's whole state. */
  sync({ epoch, state, sequence, commitWatermark, notes }: SyncMessage): void {
    const same = this.record.synced === epoch;
    const above = same ? this.#watermark.above() : [];
    if (same) {
      for (const item of state.values()) {
        this.#apply(item);
      }
    } else {
      this.items = new Map(state);
    }
    this.#watermark = new Watermark(same ? Math.max(this.#watermark.value, sequence) : sequence);
    for (const held of above) {
      this.#watermark.add(held);
    }
    this.#sequence = Math.max(this.#sequence, sequence);
    // Only one that remembers takes notes.
    this.record = withNotes({ ...this.record, synced: epoch, commitWatermark: 0 }, notes);
    this.#keepWatermarks(commitWatermark);
  }

  /** Leads in this epoch with what was inherited; returns the last sequence. */
  inherit(epoch: number, inherited: Inherited): number {
    const { items, commitWatermark, notes } = inherited;
    let { sequence } = inherited;
    const uncommitted = [...items.values()]
      .filter((item) => item.sequence > commitWatermark)
      .sort(compareVersions);
    for (const item of uncommitted) {
      sequence += 1;
      items.set(item.key, { ...item, epoch, sequence });
    }
    this.items = items;
    this.#sequence = sequence;
    this.#watermark = new Watermark(sequence);
    const led = { ...this.record, synced: epoch, led: epoch };
    this.record = withNotes({ ...led, watermark: sequence, commitWatermark }, notes);
    return sequence;
  }

  #apply(item: Item): void {
    const known = this.items.get(item.key);
    this.#sequence = Math.max(this.#sequence, item.sequence);
    if (known === undefined || compareVersions(known, item) < 0) {
      this.items.set(item.key, item);
    }
  }

  #keepWatermarks(told: number): void {
    const watermark = this.#watermark.value;
    const commitWatermark = Math.max(this.record.commitWatermark, Math.min(watermark, told));
    this.record = { ...this.record, watermark, commitWatermark };
  }
}
