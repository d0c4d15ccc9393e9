/** The live keys of all of a worker's copies, in order. */
import type { Node } from "../node/node.ts";
import { mergeOrdered } from "./ordered-merge.ts";

/** So many keys are taken at once; between two pages the copies may change. */
const PAGE_KEYS = 1_000;

/** Safe to consume slowly while writes go on. */
export function* keysOf({ groups }: Pick<Node, "groups">): Generator<string> {
  for (let after: string | null = null; ; ) {
    const page: string[] = [];
    const copies = [...groups.values()];
    const range = { prefix: "", after };
    for (const { key } of mergeOrdered(copies.map(({ replica }) => replica.ordered(range)))) {
      page.push(key);
      if (page.length === PAGE_KEYS) {
        break;
      }
    }
    yield* page;
    if (page.length < PAGE_KEYS) {
      return;
    }
    after = page[page.length - 1] ?? null;
  }
}
