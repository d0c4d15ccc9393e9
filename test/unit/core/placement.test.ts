import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import {
  Candidates,
  partitionOf,
  partitionSeed,
  scoreOf,
  workerSeed,
} from "../../../src/core/placement.ts";

function workers(count: number): { id: string; slot: number }[] {
  return Array.from({ length: count }, (_, slot) => ({ id: `worker${slot + 1}`, slot }));
}

function place(count: number, partitions: number, replicas: number): number[][] {
  const candidates = new Candidates(workers(count));
  return Array.from({ length: partitions }, (_, partition) => {
    const slots = new Int32Array(replicas);
    candidates.best(partition, replicas, { slots, scores: new Float64Array(replicas), at: 0 });
    return [...slots];
  });
}

describe("partitionOf", () => {
  test("is the first 48 bits of the key's SHA-256 modulo the partitions", () => {
    const bits = createHash("sha256").update("user:1é").digest("hex").slice(0, 12);
    expect(partitionOf("user:1é", 64)).toBe(Number(BigInt(`0x${bits}`) % 64n));
  });

  test("spreads keys evenly", () => {
    const counts = new Array<number>(16).fill(0);
    for (let key = 0; key < 32_000; key++) {
      const partition = partitionOf(`key-${key}`, 16);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    expect(Math.max(...counts)).toBeLessThan(2_000 * 1.1);
    expect(Math.min(...counts)).toBeGreaterThan(2_000 * 0.9);
  });
});

describe("Candidates", () => {
  test("gives the best by score, best first, as sorting all would", () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.integer({ min: 1, max: 40 }), (partition, count) => {
        const sorted = workers(count)
          .map(({ id, slot }) => ({
            slot,
            score: scoreOf(partitionSeed(partition), workerSeed(id)),
          }))
          .sort((one, other) => other.score - one.score);
        const slots = new Int32Array(3);
        const into = { slots, scores: new Float64Array(3), at: 0 };
        new Candidates(workers(count)).best(partition, 3, into);
        const expected = [0, 1, 2].map((place) => sorted[place]?.slot ?? -1);
        expect([...slots]).toEqual(expected);
      }),
    );
  });

  test("the order in which workers are given does not matter", () => {
    const slots = new Int32Array(3);
    const into = { slots, scores: new Float64Array(3), at: 0 };
    const reversed = new Candidates(workers(9).reverse());
    for (const [partition, expected] of place(9, 100, 3).entries()) {
      reversed.best(partition, 3, into);
      expect([...slots]).toEqual(expected);
    }
  });

  test("copies and primaries are spread as evenly as by chance", () => {
    const copies = new Array<number>(20).fill(0);
    const primaries = new Array<number>(20).fill(0);
    for (const slots of place(20, 20_000, 3)) {
      primaries[slots[0] as number] = (primaries[slots[0] as number] ?? 0) + 1;
      for (const slot of slots) {
        copies[slot] = (copies[slot] ?? 0) + 1;
      }
    }
    expect(Math.max(...copies) / 3_000).toBeLessThan(1.06);
    expect(Math.max(...primaries) / 1_000).toBeLessThan(1.12);
  });

  test("a fifth worker takes a fifth of the copies, and nothing else moves", () => {
    const before = place(4, 1_000, 3);
    const after = place(5, 1_000, 3);
    let moved = 0;
    for (const [partition, slots] of after.entries()) {
      const come = slots.filter((slot) => !before[partition]?.includes(slot));
      expect(come.every((slot) => slot === 4)).toBe(true);
      moved += come.length;
    }
    expect(moved / 3_000).toBeGreaterThan(0.15);
    expect(moved / 3_000).toBeLessThanOrEqual(0.25);
  });
});
