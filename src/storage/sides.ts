/**
 * Which side of the entries table is which group's current or incoming one; see schema.ts. What a
 * transaction changes here is forgotten with it.
 */
import type { Database, Statement } from "bun:sqlite";
import { sideChecksum } from "./checksum.ts";
import { DamagedRow } from "./disk-error.ts";

type SideState = "current" | "incoming" | "dropped";

interface GroupSides {
  current?: number;
  incoming?: number;
}

interface SideRow {
  readonly side: number;
  readonly group_id: number;
  readonly state: SideState;
  readonly checksum: number;
}

/** What is read from the table, and read again after a transaction that was rolled back. */
interface Picture {
  readonly groups: Map<number, GroupSides>;
  /** Sides to sweep away. */
  readonly dropped: number[];
  /** Sides up to here have been given. */
  last: number;
}

export class Sides {
  readonly #select: Statement<SideRow, []>;
  readonly #insert: Statement<void, [number, number, string, number]>;
  readonly #change: Statement<void, [string, number, number]>;
  readonly #delete: Statement<void, [number]>;
  readonly #keyAt: Statement<{ key: string }, [number, number]>;
  readonly #sweepTo: Statement<void, [number, string]>;
  readonly #sweepAll: Statement<void, [number]>;
  /** An incoming side up to here was not adopted before the storage was opened: it is garbage. */
  readonly #lastBefore: number;
  #picture: Picture | undefined;

  constructor(database: Database) {
    this.#select = database.query(
      "SELECT side, group_id, state, checksum FROM sides ORDER BY side",
    );
    this.#insert = database.query(
      "INSERT INTO sides (side, group_id, state, checksum) VALUES (?1, ?2, ?3, ?4)",
    );
    this.#change = database.query("UPDATE sides SET state = ?1, checksum = ?2 WHERE side = ?3");
    this.#delete = database.query("DELETE FROM sides WHERE side = ?1");
    this.#keyAt = database.query(
      "SELECT key FROM entries WHERE side = ?1 ORDER BY key LIMIT 1 OFFSET ?2",
    );
    this.#sweepTo = database.query("DELETE FROM entries WHERE side = ?1 AND key <= ?2");
    this.#sweepAll = database.query("DELETE FROM entries WHERE side = ?1");
    this.#lastBefore = this.#select.all().at(-1)?.side ?? 0;
    this.#picture = this.#read();
    this.#checkEntries(database);
  }

  /** Undefined where the group has none. */
  knownCurrent(group: number): number | undefined {
    return this.#now().groups.get(group)?.current;
  }

  /** The current side, made if there is none. */
  current(group: number): number {
    const sides = this.#of(group);
    sides.current ??= this.#make(group, "current");
    return sides.current;
  }

  /** The incoming side, made if there is none. */
  incoming(group: number): number {
    const sides = this.#of(group);
    sides.incoming ??= this.#make(group, "incoming");
    return sides.incoming;
  }

  clearIncoming(group: number): void {
    const sides = this.#of(group);
    this.#drop(group, sides.incoming);
    delete sides.incoming;
  }

  /** The incoming side, be it empty, becomes the current one. */
  adopt(group: number): void {
    const adopted = this.incoming(group);
    const sides = this.#of(group);
    this.#drop(group, sides.current);
    this.#set(group, adopted, "current");
    sides.current = adopted;
    delete sides.incoming;
  }

  /** Something is left for `sweep`. */
  get dirty(): boolean {
    return this.#now().dropped.length > 0;
  }

  /** Removes at most so many entries of dropped sides. */
  sweep(entriesMax: number): void {
    const { dropped } = this.#now();
    const side = dropped[0];
    if (side === undefined) return;
    const last = this.#keyAt.get(side, entriesMax - 1);
    if (last !== null) {
      this.#sweepTo.run(side, last.key);
      return;
    }
    this.#sweepAll.run(side);
    this.#delete.run(side);
    dropped.shift();
  }

  /** After a transaction that was rolled back. */
  forget(): void {
    this.#picture = undefined;
  }

  #now(): Picture {
    this.#picture ??= this.#read();
    return this.#picture;
  }

  #read(): Picture {
    const picture: Picture = { groups: new Map(), dropped: [], last: this.#lastBefore };
    for (const { side, group_id: group, state, checksum } of this.#select.all()) {
      if (checksum !== sideChecksum(side, group, state)) {
        throw new DamagedRow(`the row of side ${side}`);
      }
      picture.last = Math.max(picture.last, side);
      if (state === "dropped" || (state === "incoming" && side <= this.#lastBefore)) {
        picture.dropped.push(side);
      } else {
        const sides = picture.groups.get(group) ?? {};
        sides[state] = side;
        picture.groups.set(group, sides);
      }
    }
    return picture;
  }

  /** Entries on a side that nobody knows would be lost in silence; asks once for each side. */
  #checkEntries(database: Database): void {
    const next = database.query<{ side: number }, [number]>(
      "SELECT side FROM entries WHERE side > ?1 ORDER BY side LIMIT 1",
    );
    const known = new Set(this.#select.all().map(({ side }) => side));
    let found = next.get(Number.MIN_SAFE_INTEGER);
    while (found !== null) {
      if (!known.has(found.side)) throw new DamagedRow(`an entry on side ${found.side}`);
      found = next.get(found.side);
    }
  }

  #of(group: number): GroupSides {
    const { groups } = this.#now();
    let sides = groups.get(group);
    if (sides === undefined) {
      sides = {};
      groups.set(group, sides);
    }
    return sides;
  }

  #make(group: number, state: SideState): number {
    const picture = this.#now();
    picture.last += 1;
    const side = picture.last;
    this.#insert.run(side, group, state, sideChecksum(side, group, state));
    return side;
  }

  #drop(group: number, side: number | undefined): void {
    if (side === undefined) return;
    this.#set(group, side, "dropped");
    this.#now().dropped.push(side);
  }

  #set(group: number, side: number, state: SideState): void {
    this.#change.run(state, sideChecksum(side, group, state), side);
  }
}
