/**
 * Looks for an order of the operations on one register that explains everything that was read.
 *
 * What linearizable means: Herlihy and Wing, "Linearizability: A Correctness Condition for
 * Concurrent Objects" (1990): each operation seems to take effect at one moment between its
 * invocation and its return. The search is that of Wing and Gong, "Testing and Verifying
 * Concurrent Objects" (1993): take an operation that may come first, see whether the register
 * allows it, go on with the rest, and step back where nothing fits. Lowe, "Testing for
 * linearizability" (2017), made it fast: a linked list of calls and returns, a memory of
 * configurations (which operations have their place, and the value then) that led nowhere, and one
 * search for each key.
 *
 * An operation of unknown outcome has no return: it may be taken at any time after its call, and
 * the search is over when all *others* have their place.
 *
 * That this is a register allows four rules that spare most branches and lose no order:
 * 1. A read of the present value that may come next comes next. It changes nothing, and nobody has
 *    to stand before it.
 * 2. Else the next one is a write. One whose value no open read wants comes first where it must
 *    come at all: moved there from its later place it is overwritten at once. Where it need not
 *    come, it never does.
 * 3. A value that an open read wants is not overwritten when nobody is left to write it again.
 * 4. Of two writes of one value that may both come next, the one that ended first is tried: they
 *    can change places in any order that begins with the other.
 */
import { counts, endOf, type Operation } from "./history.ts";
import { OpenEntries } from "./open-entries.ts";

export type SearchResult =
  | { readonly found: true; readonly order: readonly Operation[] }
  /** The longest order found, and what may come next behind it but does not fit. */
  | {
      readonly found: false;
      readonly longest: readonly Operation[];
      readonly stuck: readonly Operation[];
    }
  /** The bound was reached before the search was over. */
  | { readonly found: undefined; readonly steps: number };

/** Searches one register, absent at first; gives up after `stepsMax` operations tried. */
export function searchOrder(operations: readonly Operation[], stepsMax: number): SearchResult {
  return new Search(operations).run(stepsMax);
}

/** A place in the order: what may stand here, and how many of those have been tried. */
interface Place {
  readonly choices: readonly number[];
  tried: number;
}

/** Values are numbers here; the absent value is 0. */
const ABSENT = 0;

class Search {
  /** Those that count, by invocation. */
  readonly #operations: readonly Operation[];
  readonly #required: readonly boolean[];
  readonly #values: readonly number[];
  readonly #ends: readonly number[];
  readonly #open: OpenEntries;
  /** 1 where the operation has its place. */
  readonly #taken: Uint8Array;
  /** Those among them whose outcome is unknown. */
  readonly #takenUnknown = new Set<number>();
  /** By value: reads of it, and operations that can write it, that have no place yet. */
  readonly #openReads: Uint32Array;
  readonly #openWriters: Uint32Array;
  /** Operations that have their place, in this order, and the value before each. */
  readonly #order: number[] = [];
  readonly #before: number[] = [];
  #value = ABSENT;
  #requiredLeft: number;
  /** Configurations with several choices that were entered before. */
  readonly #seen = new Set<string>();
  #longest: readonly number[] = [];
  #stuck: readonly number[] = [];

  constructor(operations: readonly Operation[]) {
    this.#operations = operations
      .filter(counts)
      .sort((one, other) => one.invokedAtMs - other.invokedAtMs);
    const numbers = new Map<string | undefined, number>([[undefined, ABSENT]]);
    this.#values = this.#operations.map(({ kind, value }) => {
      const written = kind === "delete" ? undefined : value;
      if (kind === "write" && value === undefined) throw new Error("a write without a value");
      if (!numbers.has(written)) numbers.set(written, numbers.size);
      return numbers.get(written) as number;
    });
    this.#required = this.#operations.map(({ outcome }) => outcome === "ok");
    this.#requiredLeft = this.#required.filter(Boolean).length;
    this.#ends = this.#operations.map(endOf);
    this.#open = new OpenEntries(
      this.#operations.map(({ invokedAtMs }, index) => ({
        start: invokedAtMs,
        end: this.#ends[index] as number,
      })),
    );
    this.#taken = new Uint8Array(this.#operations.length);
    this.#openReads = new Uint32Array(numbers.size);
    this.#openWriters = new Uint32Array(numbers.size);
    for (const index of this.#operations.keys()) this.#openOf(index)[this.#valueOf(index)]! += 1;
  }

  run(stepsMax: number): SearchResult {
    const places: Place[] = [this.#nextPlace()];
    for (let steps = 0; this.#requiredLeft > 0; ) {
      const place = places.at(-1);
      if (place === undefined) {
        return { found: false, longest: this.#name(this.#longest), stuck: this.#name(this.#stuck) };
      }
      if (place.tried > 0) this.#undo();
      const choice = place.choices[place.tried];
      if (choice === undefined) {
        places.pop();
        continue;
      }
      if (steps === stepsMax) return { found: undefined, steps };
      steps += 1;
      place.tried += 1;
      this.#take(choice);
      places.push(this.#nextPlace());
    }
    return { found: true, order: this.#name(this.#order) };
  }

  /** What may stand at the next place; nothing where this configuration is a dead end. */
  #nextPlace(): Place {
    const available = this.#available();
    const choices = this.#choices(available);
    if (choices.length === 0 && this.#order.length >= this.#longest.length) {
      this.#longest = [...this.#order];
      this.#stuck = available;
    }
    if (choices.length > 1) {
      const configuration = this.#configuration(available);
      if (this.#seen.has(configuration)) return { choices: [], tried: 0 };
      this.#seen.add(configuration);
    }
    return { choices, tried: 0 };
  }

  #choices(available: readonly number[]): number[] {
    /** By value. */
    const wanted = new Map<number, number>();
    let unwanted: number | undefined;
    for (const index of available) {
      const value = this.#valueOf(index);
      if (this.#isRead(index)) {
        if (value === this.#value) return [index];
      } else if (this.#openReads[value]! > 0) {
        const rival = wanted.get(value);
        if (rival === undefined || this.#endOf(index) < this.#endOf(rival)) {
          wanted.set(value, index);
        }
      } else if (this.#required[index]) {
        unwanted ??= index;
      }
    }
    if (this.#openReads[this.#value]! > 0 && this.#openWriters[this.#value] === 0) return [];
    return unwanted === undefined ? [...wanted.values()] : [unwanted];
  }

  /** Which may come next as far as time is concerned. */
  #available(): number[] {
    const available: number[] = [];
    for (let index = this.#open.first(); index !== undefined; index = this.#open.after(index)) {
      available.push(index);
    }
    return available;
  }

  #take(index: number): void {
    this.#open.take(index);
    this.#order.push(index);
    this.#before.push(this.#value);
    this.#taken[index] = 1;
    this.#openOf(index)[this.#valueOf(index)]! -= 1;
    if (this.#required[index]) this.#requiredLeft -= 1;
    else this.#takenUnknown.add(index);
    this.#value = this.#valueOf(index);
  }

  /** Undoes the last `#take`. */
  #undo(): void {
    const index = this.#order.pop() as number;
    this.#value = this.#before.pop() as number;
    if (this.#required[index]) this.#requiredLeft += 1;
    else this.#takenUnknown.delete(index);
    this.#openOf(index)[this.#valueOf(index)]! += 1;
    this.#taken[index] = 0;
    this.#open.putBack(index);
  }

  /**
   * The value and the set of operations that have their place, exactly, as a short text. All
   * required ones before the first open one have it, and none called after that one's return.
   */
  #configuration(available: readonly number[]): string {
    const firstOpen = available.find((index) => this.#required[index]) as number;
    const behind: number[] = [];
    for (let index = firstOpen + 1; index < this.#operations.length; index += 1) {
      if ((this.#operations[index] as Operation).invokedAtMs > this.#endOf(firstOpen)) break;
      if (this.#taken[index] === 1 && this.#required[index]) behind.push(index - firstOpen);
    }
    const unknown = [...this.#takenUnknown].sort((one, other) => one - other);
    return `${this.#value}:${firstOpen}:${behind.join()}:${unknown.join()}`;
  }

  #openOf(index: number): Uint32Array {
    return this.#isRead(index) ? this.#openReads : this.#openWriters;
  }

  #isRead(index: number): boolean {
    return this.#operations[index]?.kind === "read";
  }

  #endOf(index: number): number {
    return this.#ends[index] as number;
  }

  #valueOf(index: number): number {
    return this.#values[index] as number;
  }

  #name(indexes: readonly number[]): Operation[] {
    return indexes.map((index) => this.#operations[index] as Operation);
  }
}
