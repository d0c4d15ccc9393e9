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
 * 2. Else the next one is a write. One that no open read can see comes first where it must come at
 *    all: moved there from its later place it is overwritten at once. Where it need not come, it
 *    never does.
 * 3. A value that an open read wants is not overwritten when no open operation that begins before
 *    that read ends writes it again.
 * 4. Of two writes of one value that may both come next, the one that ended first is tried: they
 *    can change places in any order that begins with the other.
 */
import { findContradiction } from "./blocks.ts";
import { FirstOpen } from "./first-open.ts";
import type { Operation } from "./history.ts";
import { OpenEntries } from "./open-entries.ts";
import { ABSENT, type RegisterHistory, toRegisterHistory } from "./register-history.ts";

export type SearchResult =
  | { readonly found: true; readonly order: readonly Operation[] }
  /** The longest order found, and what may come next behind it but does not fit. */
  | {
      readonly found: false;
      /** Where no search was needed: these stand together, and so do those, in neither order. */
      readonly apart: readonly (readonly Operation[])[];
      readonly longest: readonly Operation[];
      readonly stuck: readonly Operation[];
    }
  /** The bound was reached before the search was over. */
  | { readonly found: undefined; readonly steps: number };

/** Searches one register, absent at first; gives up after `stepsMax` operations tried. */
export function searchOrder(operations: readonly Operation[], stepsMax: number): SearchResult {
  const history = toRegisterHistory(operations);
  const contradiction = findContradiction(history);
  if (contradiction === undefined) return new Search(history).run(stepsMax);
  const apart = contradiction.map((block) =>
    block.map((index) => history.operations[index] as Operation),
  );
  return { found: false, apart, longest: [], stuck: [] };
}

/** A place in the order: what may stand here, and how many of those have been tried. */
interface Place {
  readonly choices: readonly number[];
  tried: number;
}

class Search {
  readonly #history: RegisterHistory;
  readonly #open: OpenEntries;
  /** 1 where the operation has its place. */
  readonly #taken: Uint8Array;
  /** Those among them whose outcome is unknown. */
  readonly #takenUnknown = new Set<number>();
  /** By value. */
  readonly #readsByStart: FirstOpen;
  readonly #readsByEnd: FirstOpen;
  readonly #writersByStart: FirstOpen;
  /** Operations that have their place, in this order, and the value before each. */
  readonly #order: number[] = [];
  readonly #before: number[] = [];
  #value = ABSENT;
  #requiredLeft: number;
  /** Configurations with several choices that were entered before. */
  readonly #seen = new Set<string>();
  #longest: readonly number[] = [];
  #stuck: readonly number[] | undefined;

  constructor(history: RegisterHistory) {
    const { starts, ends, isRead, values, required, valueCount } = history;
    this.#history = history;
    this.#open = new OpenEntries(starts, ends);
    this.#taken = new Uint8Array(starts.length);
    this.#requiredLeft = required.filter(Boolean).length;
    const group = (reads: boolean, ranks: readonly number[]) => {
      const all = values.map((value, index) => ({ index, group: value, rank: ranks[index] ?? 0 }));
      const chosen = all.filter(({ index }) => isRead[index] === reads);
      return new FirstOpen(chosen, { groups: valueCount, indexes: values.length });
    };
    this.#readsByStart = group(true, starts);
    this.#readsByEnd = group(true, ends);
    this.#writersByStart = group(false, starts);
  }

  run(stepsMax: number): SearchResult {
    const places: Place[] = [this.#nextPlace()];
    for (let steps = 0; this.#requiredLeft > 0; ) {
      const place = places.at(-1);
      if (place === undefined) {
        return {
          found: false,
          apart: [],
          longest: this.#name(this.#longest),
          stuck: this.#name(this.#stuck ?? []),
        };
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
    const isLonger = this.#stuck === undefined || this.#order.length > this.#longest.length;
    if (choices.length === 0 && isLonger) {
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
    const { isRead, required, values, ends } = this.#history;
    /** By value. */
    const seen = new Map<number, number>();
    let unseen: number | undefined;
    for (const index of available) {
      const value = values[index] as number;
      if (isRead[index]) {
        if (value === this.#value) return [index];
      } else if (this.#canBeSeen(index)) {
        const rival = seen.get(value);
        if (rival === undefined || ends[index]! < ends[rival]!) seen.set(value, index);
      } else if (required[index]) {
        unseen ??= index;
      }
    }
    if (this.#isStillWanted()) return [];
    if (unseen !== undefined) return [unseen];
    // The most urgent one first: it is right most often, and much faster than by invocation.
    return [...seen.values()].sort((one, other) => ends[one]! - ends[other]!);
  }

  /** Whether an open read may see this write, wherever that stands from now on. */
  #canBeSeen(index: number): boolean {
    const { values, starts, lastSights } = this.#history;
    const read = this.#readsByStart.of(values[index] as number);
    return read !== undefined && starts[read]! <= lastSights[index]!;
  }

  /** Whether an open read could never see the present value any more if it were overwritten. */
  #isStillWanted(): boolean {
    const { starts, ends } = this.#history;
    const read = this.#readsByEnd.of(this.#value);
    if (read === undefined) return false;
    const writer = this.#writersByStart.of(this.#value);
    return writer === undefined || starts[writer]! > ends[read]!;
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
    for (const list of this.#lists()) list.take(index);
    this.#order.push(index);
    this.#before.push(this.#value);
    this.#taken[index] = 1;
    if (this.#history.required[index]) this.#requiredLeft -= 1;
    else this.#takenUnknown.add(index);
    this.#value = this.#history.values[index] as number;
  }

  /** Undoes the last `#take`. */
  #undo(): void {
    const index = this.#order.pop() as number;
    this.#value = this.#before.pop() as number;
    if (this.#history.required[index]) this.#requiredLeft += 1;
    else this.#takenUnknown.delete(index);
    this.#taken[index] = 0;
    for (const list of this.#lists()) list.putBack(index);
  }

  #lists() {
    return [this.#open, this.#readsByStart, this.#readsByEnd, this.#writersByStart];
  }

  /**
   * The value and the set of operations that have their place, exactly, as a short text. All
   * required ones before the first open one have it, and none called after that one's return.
   */
  #configuration(available: readonly number[]): string {
    const { starts, ends, required } = this.#history;
    const firstOpen = available.find((index) => required[index]) as number;
    const behind: number[] = [];
    for (let index = firstOpen + 1; starts[index]! <= ends[firstOpen]!; index += 1) {
      if (this.#taken[index] === 1 && required[index]) behind.push(index - firstOpen);
    }
    const unknown = [...this.#takenUnknown].sort((one, other) => one - other);
    return `${this.#value}:${firstOpen}:${behind.join()}:${unknown.join()}`;
  }

  #name(indexes: readonly number[]): Operation[] {
    return indexes.map((index) => this.#history.operations[index] as Operation);
  }
}
