/** The list over all partitions, and the keys of one worker's copies. */
import { describe, expect, test } from "bun:test";
import { compareKeys } from "../../../src/core/key-order.ts";
import type { KvService } from "../../../src/http/service.ts";
import { mergeOrdered } from "../../../src/worker/ordered-merge.ts";
import { kvErrorOf } from "../../support/kv-error.ts";
import { MemoryPartitioned } from "../../support/memory-partitioned.ts";

const LETTERS = ["a", "b", "ö", "z", "𝄞"];
const KEYS = Array.from({ length: 60 }, (_, index) => `${LETTERS[index % 5]}-${index}`);
const ORDERED = KEYS.toSorted(compareKeys);

async function filled() {
  const group = new MemoryPartitioned({ workers: 4, partitions: 8 });
  await group.start();
  const [first] = group.workers;
  await group.outcome(Promise.all(KEYS.map((key) => first!.service.write(key, `"${key}"`))));
  return group;
}

async function page(
  group: MemoryPartitioned,
  service: KvService,
  options: Partial<Parameters<KvService["list"]>[0]>,
) {
  const asked = { prefix: "", after: null, limit: 1_000, ...options };
  return group.outcome(Promise.resolve(service.list(asked)));
}

describe("the list", () => {
  test("holds every key once, in order, whichever worker is asked and however short", async () => {
    const group = await filled();
    for (const { service } of group.workers) {
      for (const limit of [1, 7, 60, 1_000]) {
        const found: string[] = [];
        let after: string | null = null;
        do {
          const { items, next } = await page(group, service, { after, limit });
          expect(items.length).toBeLessThanOrEqual(limit);
          found.push(...items.map(({ key }) => key));
          after = next;
        } while (after !== null);
        expect(found).toEqual(ORDERED);
      }
    }
  });

  test("keeps to its prefix", async () => {
    const group = await filled();
    const { items } = await page(group, group.workers[1]!.service, { prefix: "ö" });
    expect(items.map(({ key }) => key)).toEqual(ORDERED.filter((key) => key.startsWith("ö")));
  });

  test("asks each worker once for a page, whatever the number of partitions", async () => {
    const group = await filled();
    let asked = 0;
    for (const place of group.workers) {
      const { here } = place.service.partitioned;
      const list = here.list.bind(here);
      here.list = (options) => {
        asked += 1;
        return list(options);
      };
    }
    await page(group, group.workers[0]!.service, { limit: 10 });
    expect(asked).toBe(4);
  });

  test("waits while a partition has no primary, and then says which", async () => {
    const group = await filled();
    const [first, second] = group.workers;
    const partitions = [...second!.worker.node.groups]
      .filter(([, { leader }]) => leader !== undefined)
      .map(([partition]) => partition);
    second!.stop();
    const error = await kvErrorOf(() => page(group, first!.service, {}));
    expect(error.code).toBe("recovering");
    expect(error.details.partitions).toEqual(partitions.toSorted((a, b) => a - b));
    await group.untilHolds(() => first!.service.readiness().ready);
    const { items } = await page(group, first!.service, {});
    expect(items.map(({ key }) => key)).toEqual(ORDERED);
  });

  test("shows nothing that was put in by hand", async () => {
    const group = await filled();
    const key = "by-hand";
    const primary = group.primaryOf(key);
    const copy = group.workers.find(
      ({ service, worker }) =>
        worker !== primary.worker && worker.node.groups.has(service.partitionOf(key)),
    )!;
    await group.outcome(copy.service.replicateByHand({ key, value: "1" }));
    primary.stop();
    await group.untilHolds(() => group.controllerSays(key) !== primary.id);
    const reader = group.otherThan(primary, copy);
    expect(await group.outcome(reader.service.readLinearizable(key))).toBeUndefined();
    const { items } = await page(group, reader.service, {});
    expect(items.map((item) => item.key)).toEqual(ORDERED);
    expect([...copy.service.partitioned.keys()]).toContain(key);
  });
});

describe("the keys of a worker", () => {
  test("are those of all its copies, in order", async () => {
    const group = await filled();
    await group.clock.advance(1_000);
    let copies = 0;
    for (const { service, worker } of group.workers) {
      const own = ORDERED.filter((key) => worker.node.groups.has(service.partitionOf(key)));
      expect([...service.partitioned.keys()]).toEqual(own);
      copies += own.length;
    }
    expect(copies).toBe(3 * KEYS.length);
  });
});

describe("merging", () => {
  test("gives what sorting everything would", () => {
    const random = (below: number) => Math.floor(Math.random() * below);
    for (let round = 0; round < 200; round++) {
      const sources = Array.from({ length: random(9) }, () =>
        Array.from({ length: random(12) }, () => ({ key: `k${random(100)}` })).toSorted((a, b) =>
          compareKeys(a.key, b.key),
        ),
      );
      const sorted = sources.flat().toSorted((a, b) => compareKeys(a.key, b.key));
      expect([...mergeOrdered(sources)].map(({ key }) => key)).toEqual(
        sorted.map(({ key }) => key),
      );
    }
  });

  test("takes no more of its sources than it is asked for", () => {
    const taken: number[] = [];
    function* counted(source: number) {
      for (let index = 0; index < 100; index++) {
        taken[source] = index + 1;
        yield { key: `${String(index).padStart(3, "0")}-${source}` };
      }
    }
    const merged = mergeOrdered([counted(0), counted(1), counted(2)]);
    for (let index = 0; index < 6; index++) {
      merged.next();
    }
    expect(taken.every((count) => count <= 3)).toBe(true);
  });
});
