/**
 * Which side of the entries table is which group's current or incoming one; see schema.ts. What a
 * transaction changes here is forgotten with it.
 */
import type { Database, Statement } from "bun:sqlite";

interface GroupSides {
  current?: number;
  incoming?: number;
}

interface SideRow {
  readonly side: number;
  readonly group_id: number;
  readonly state: "current" | "incoming" | "dropped";
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
  readonly #insert: Statement<void, [number, number, string]>;
  readonly #change: Statement<void, [string, number]>;
  readonly #delete: Statement<void, [number]>;
  readonly #keyAt: Statement<{ key: string }, [number, number]>;
  readonly #sweepTo: Statement<void, [number, string]>;
  readonly #sweepAll: Statement<void, [number]>;
  /** An incoming side up to here was not adopted before the storage was opened: it is garbage. */
  readonly #lastBefore: number;
  #picture: Picture | undefined;

  constructor(database: Database) {
    this.#select = database.query("SELECT side, group_id, state FROM sides ORDER BY side");
    this.#insert = database.query("INSERT INTO sides (side, group_id, state) VALUES (?1, ?2, ?3)");
    this.#change = database.query("UPDATE sides SET state = ?1 WHERE side = ?2");
    this.#delete = database.query("DELETE FROM sides WHERE side = ?1");
    this.#keyAt = database.query(
      "SELECT key FROM entries WHERE side = ?1 ORDER BY key LIMIT 1 OFFSET ?2",
    );
    this.#sweepTo = database.query("DELETE FROM entries WHERE side = ?1 AND key <= ?2");
    this.#sweepAll = database.query("DELETE FROM entries WHERE side = ?1");
    this.#lastBefore = this.#select.all().at(-1)?.side ?? 0;
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
    this.#drop(sides.incoming);
    delete sides.incoming;
  }

  /** The incoming side, be it empty, becomes the current one. */
  adopt(group: number): void {
    const adopted = this.incoming(group);
    const sides = this.#of(group);
    this.#drop(sides.current);
    this.#change.run("current", adopted);
    sides.current = adopted;
    delete sides.incoming;
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
    for (const { side, group_id: group, state } of this.#select.all()) {
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

  #of(group: number): GroupSides {
    const { groups } = this.#now();
    let sides = groups.get(group);
    if (sides === undefined) {
      sides = {};
      groups.set(group, sides);
    }
    return sides;
  }

  #make(group: number, state: "current" | "incoming"): number {
    const picture = this.#now();
    picture.last += 1;
    this.#insert.run(picture.last, group, state);
    return picture.last;
  }

  #drop(side: number | undefined): void {
    if (side === undefined) return;
    this.#change.run("dropped", side);
    this.#now().dropped.push(side);
  }
}
