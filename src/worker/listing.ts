/**
 * The list over all partitions: each primary gives one page of all that it leads, and they are
 * merged. A page is whole when every partition has been spoken for; where one has no primary for a
 * moment the workers are asked again.
 */
import type { Clock } from "../base/clock.ts";
import { KvError } from "../base/errors.ts";
import { compareKeys } from "../core/key-order.ts";
import { partitionOf } from "../core/placement.ts";
import type { FoundEntry, ListPage } from "../http/service.ts";
import type { ForwardPort, ListOptions } from "./forward-port.ts";
import { mergeOrdered } from "./ordered-merge.ts";

const PAUSE_MS = 50;

export interface ListingOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly forward: ForwardPort;
  /** Own URL. */
  readonly address: string;
  readonly partitions: number;
  /** URL of who leads the partition, as far as is known. */
  readonly primaryOf: (partition: number) => string | undefined;
  /** A page of what this worker leads. */
  readonly here: () => ListPage | Promise<ListPage>;
}

/** Rejects with `recovering` where some partitions have no primary for too long. */
export async function listEverywhere(
  options: ListingOptions,
  page: ListOptions,
): Promise<ListPage> {
  const { clock, timeoutMs } = options;
  const deadlineMs = clock.nowMs() + timeoutMs;
  for (;;) {
    const pages = await askEverybody(options, page);
    const missing = partitionsWithout(pages, options.partitions);
    if (missing.length === 0) {
      return merge(pages, page.limit, options.partitions);
    }
    if (clock.nowMs() + PAUSE_MS > deadlineMs) {
      throw nobodyLists(missing);
    }
    await new Promise<void>((resolve) => clock.after(PAUSE_MS, resolve));
  }
}

/** This worker's own page, and one of each other primary that answers. */
async function askEverybody(options: ListingOptions, page: ListOptions): Promise<ListPage[]> {
  const { forward, address, partitions, primaryOf, here } = options;
  const others = new Set<string>();
  for (let partition = 0; partition < partitions; partition++) {
    const primary = primaryOf(partition);
    if (primary !== undefined && primary !== address) {
      others.add(primary);
    }
  }
  const asked = [...others].map(async (to) => {
    const sent = await forward.list(to, page);
    return sent.kind === "answer" ? [sent.answer] : [];
  });
  return [await here(), ...(await Promise.all(asked)).flat()];
}

function partitionsWithout(pages: readonly ListPage[], partitions: number): number[] {
  const spokenFor = generationsOf(pages);
  return Array.from({ length: partitions }, (_, partition) => partition).filter(
    (partition) => !spokenFor.has(partition),
  );
}

/** By partition, the newest generation that anybody lists for. */
function generationsOf(pages: readonly ListPage[]): Map<number, number> {
  const newest = new Map<number, number>();
  for (const { partition, generation } of pages.flatMap((page) => page.partitions ?? [])) {
    newest.set(partition, Math.max(generation, newest.get(partition) ?? 0));
  }
  return newest;
}

/** One page out of many; it ends where the first of them that is cut off ends. */
function merge(pages: readonly ListPage[], limit: number, partitions: number): ListPage {
  const newest = generationsOf(pages);
  const known = pages.map((page) => currentItems(page, newest, partitions));
  const ends = pages.flatMap(({ next }) => (next === null ? [] : [next]));
  const end = ends.reduce<string | null>(
    (least, one) => (least === null || compareKeys(one, least) < 0 ? one : least),
    null,
  );
  const items: FoundEntry[] = [];
  for (const entry of mergeOrdered(known)) {
    if (end !== null && compareKeys(entry.key, end) > 0) {
      break;
    }
    if (items.length === limit) {
      return { items, next: items[items.length - 1]?.key ?? null };
    }
    items.push(entry);
  }
  return { items, next: end };
}

/** Without what a worker lists that leads an older generation than another one does. */
function currentItems(
  page: ListPage,
  newest: ReadonlyMap<number, number>,
  partitions: number,
): readonly FoundEntry[] {
  const old = new Set<number>();
  for (const { partition, generation } of page.partitions ?? []) {
    if (generation < (newest.get(partition) ?? 0)) {
      old.add(partition);
    }
  }
  return old.size === 0
    ? page.items
    : page.items.filter(({ key }) => !old.has(partitionOf(key, partitions)));
}

function nobodyLists(missing: readonly number[]): KvError {
  const some = missing.slice(0, 5).join(", ");
  const more = missing.length > 5 ? ", …" : "";
  return new KvError({
    code: "recovering",
    message: `No primary answers now for ${missing.length} partitions (${some}${more}); try again.`,
    details: { partitions: missing },
  });
}
