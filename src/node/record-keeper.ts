/**
 * Keeps a group's record and what is to be stored with it. Promises, notes and the like are stored
 * with the turn that brought them; the watermarks, which change with each entry, only every so
 * often: a replica that claims less than it holds is asked for more than is needed, and no worse.
 */
import type { GroupRecord } from "../core/group-record.ts";
import type { Holding } from "../core/holding.ts";
import { see } from "../core/promises.ts";
import { SHORTCUT } from "../core/shortcut.ts";
import type { GroupChange } from "../core/storage.ts";

/** The watermarks are stored at least so often while entries are. */
const RECORD_EVERY_MS = 100;

export type Change = Omit<GroupChange, "group" | "record">;

export class RecordKeeper {
  /** But for the two watermarks, which change with each turn. */
  #record: GroupRecord;
  #watermark: number;
  #commitWatermark: number;
  #changed = false;
  #storedMs = Number.NEGATIVE_INFINITY;
  #staged: Change[] = [];

  constructor(record: GroupRecord) {
    this.#record = record;
    this.#watermark = record.watermark;
    this.#commitWatermark = record.commitWatermark;
  }

  get record(): GroupRecord {
    const record = this.#record;
    const watermark = this.#watermark;
    const commitWatermark = this.#commitWatermark;
    if (record.watermark !== watermark || record.commitWatermark !== commitWatermark) {
      this.#record = { ...record, watermark, commitWatermark };
    }
    return this.#record;
  }

  /** To be stored with this turn, if it is another one. */
  update(record: GroupRecord): void {
    if (record !== this.#record) {
      this.#record = record;
      this.#watermark = record.watermark;
      this.#commitWatermark = record.commitWatermark;
      this.#changed = true;
    }
  }

  /** To be stored with this turn, behind what was staged before. */
  stage(change: Change | undefined): void {
    if (change !== undefined) {
      this.#staged.push(change);
    }
  }

  /** Takes over where the state comes from and how complete it is. */
  describe(holding: Holding): void {
    const { epoch, watermark, commitWatermark } = holding;
    const record = this.#record;
    if (record.synced !== epoch) {
      // Whose state it has it follows: what is older is refused from now on, in the next life too.
      this.update({ ...see(record, epoch), synced: epoch, watermark, commitWatermark });
    } else {
      this.#watermark = watermark;
      this.#commitWatermark = commitWatermark;
    }
  }

  /** What this turn has to store, the record behind everything else. */
  take(group: number, nowMs: number): GroupChange[] {
    const changes: GroupChange[] = [];
    // What is forgotten rests on the watermark: a replica that forgot must not claim less after.
    let bound = false;
    for (const change of this.#staged) {
      changes.push({ group, ...change });
      bound ||= change.adopt === true || (change.forgotten?.length ?? 0) > 0;
    }
    this.#staged = [];
    const due = changes.length > 0 && nowMs - this.#storedMs >= RECORD_EVERY_MS;
    if (this.#changed || bound || due) {
      this.#changed = false;
      this.#storedMs = nowMs;
      changes.push({ group, record: stored(this.record) });
    }
    return changes;
  }
}

function stored(record: GroupRecord): GroupRecord {
  return SHORTCUT === "forget-promise" ? { ...record, promised: record.synced, before: 0 } : record;
}
