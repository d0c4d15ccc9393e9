/**
 * A quick look for contradictions before any search, after Gibbons and Korach, "Testing Shared
 * Memories" (1997): where only one operation can have written a value, it and all reads of that
 * value stand together in any order, with no other value between them. Such a block must stand
 * wholly before or wholly behind any other; if each has an operation that ended before one of the
 * other's began, it can be neither.
 *
 * What passes may still have no order; with unique values, most of what has none fails here.
 */
import { ABSENT, type RegisterHistory } from "./register-history.ts";

/** Operations, by index, that stand together. */
interface Block {
  readonly members: readonly number[];
  readonly earliestEnd: number;
  readonly latestStart: number;
}

/** Two blocks that fit in neither order; one is empty where a value was read before any write. */
export type Contradiction = readonly [readonly number[], readonly number[]];

/** The first contradiction found, or undefined. */
export function findContradiction(history: RegisterHistory): Contradiction | undefined {
  const blocks: Block[] = [];
  for (const [value, members] of membersByValue(history).entries()) {
    const writers = members.filter((index) => !history.isRead[index]);
    const [writer] = writers;
    if (value === ABSENT || writers.length > 1) {
      const required = members.filter((index) => history.required[index]);
      blocks.push(...required.map((index) => toBlock(history, [index])));
    } else if (writer === undefined) {
      return [members, []];
    } else if (members.length > 1 || history.required[writer]) {
      const block = toBlock(history, members);
      if (block.earliestEnd < history.starts[writer]!) return [members, []];
      blocks.push(block);
    }
  }
  // The one that reaches furthest is enough to compare with: as long as nothing contradicts, at
  // most one block reaches beyond the end that is looked at.
  let furthest: Block | undefined;
  for (const block of blocks.sort((one, other) => one.earliestEnd - other.earliestEnd)) {
    if (furthest !== undefined && contradict(furthest, block)) {
      return [furthest.members, block.members];
    }
    if (furthest === undefined || block.latestStart > furthest.latestStart) furthest = block;
  }
  return undefined;
}

function contradict(one: Block, other: Block): boolean {
  return one.earliestEnd < other.latestStart && other.earliestEnd < one.latestStart;
}

function toBlock({ starts, ends }: RegisterHistory, members: readonly number[]): Block {
  const earliestEnd = members.reduce((end, index) => Math.min(end, ends[index]!), Infinity);
  const latestStart = members.reduce((start, index) => Math.max(start, starts[index]!), -Infinity);
  return { members, earliestEnd, latestStart };
}

function membersByValue({ values, valueCount }: RegisterHistory): number[][] {
  const members: number[][] = Array.from({ length: valueCount }, () => []);
  for (const [index, value] of values.entries()) members[value]?.push(index);
  return members;
}
