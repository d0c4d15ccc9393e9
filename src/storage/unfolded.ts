/** What a stretch of the log says and the tables do not yet: of each key and record the last. */
import type { Entry } from "../core/entry.ts";
import type { LoggedChange } from "./log-record.ts";

/** By key; undefined: the key is gone. */
export type Rows = Map<string, Entry | undefined>;

export class Unfolded {
  /** By side. */
  readonly rows = new Map<number, Rows>();
  /** As JSON, by group. */
  readonly records = new Map<number, string>();

  /** Nothing is left to fold, or never was. */
  get empty(): boolean {
    return this.rows.size === 0 && this.records.size === 0;
  }

  /** What comes later replaces what came before. */
  takeIn({ group, side, forgotten, entries, record }: LoggedChange): void {
    if (forgotten.length + entries.length > 0) {
      const rows = this.#rowsOf(side);
      for (const key of forgotten) rows.set(key, undefined);
      for (const entry of entries) rows.set(entry.key, entry);
    }
    if (record !== undefined) this.records.set(group, record);
  }

  #rowsOf(side: number): Rows {
    let rows = this.rows.get(side);
    if (rows === undefined) {
      rows = new Map();
      this.rows.set(side, rows);
    }
    return rows;
  }
}
