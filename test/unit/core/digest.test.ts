/** The digest tells two states apart if, and only if, they differ. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Digest } from "../../../src/core/digest.ts";
import type { Entry } from "../../../src/core/entry.ts";

const entry: fc.Arbitrary<Entry> = fc.record({
  key: fc.string({ unit: "binary", minLength: 1, maxLength: 6 }),
  value: fc.string({ unit: "binary", maxLength: 6 }),
  epoch: fc.oneof(
    fc.nat(2 ** 31),
    fc.maxSafeNat().map((steps) => steps / 2 ** 24),
  ),
  sequence: fc.oneof(fc.nat(9), fc.maxSafeNat()),
});

function digestOf(entries: readonly Entry[]): string {
  const digest = new Digest();
  for (const each of entries) {
    digest.add(each);
  }
  expect(digest.keys).toBe(entries.length);
  return digest.toHex();
}

const BASE: Entry = { key: "key", value: "1", epoch: 1, sequence: 2 };

describe("a digest", () => {
  test("forgets the order", () => {
    const shuffled = fc
      .array(entry, { maxLength: 20 })
      .chain((entries) =>
        fc.tuple(fc.constant(entries), fc.shuffledSubarray(entries, { minLength: entries.length })),
      );
    const property = fc.property(shuffled, ([entries, others]) => {
      expect(digestOf(others)).toBe(digestOf(entries));
    });
    fc.assert(property);
  });

  test("is 16 hexadecimal digits, 0 for nothing", () => {
    expect(digestOf([])).toBe("0000000000000000");
    fc.assert(fc.property(fc.array(entry), (all) => /^[0-9a-f]{16}$/.test(digestOf(all))));
  });

  const changes: readonly [string, Partial<Entry>][] = [
    ["the key", { key: "kez" }],
    ["the value", { value: "2" }],
    ["the epoch", { epoch: 2 }],
    ["the fraction of the epoch", { epoch: 1 + 2 ** -24 }],
    ["the sequence", { sequence: 3 }],
    ["epoch and sequence changed for one another", { epoch: 2, sequence: 1 }],
    ["the sequence by 2^32", { sequence: 2 + 2 ** 32 }],
    ["one letter from the value to the key", { key: "key1", value: "" }],
    ["the epoch's sign bit", { epoch: 1 + 2 ** 31 }],
  ];
  test.each(changes)("changes with %s", (_, change) => {
    expect(digestOf([{ ...BASE, ...change }])).not.toBe(digestOf([BASE]));
  });

  test("changes with how many entries there are, also when one comes twice or three times", () => {
    const digests = [[], [BASE], [BASE, BASE], [BASE, BASE, BASE]].map(digestOf);
    expect(new Set(digests).size).toBe(4);
  });

  test("tells any two different sets of entries apart", () => {
    const sets = fc.tuple(fc.array(entry, { maxLength: 4 }), fc.array(entry, { maxLength: 4 }));
    const normal = (entries: readonly Entry[]) =>
      entries
        .map(({ key, value, epoch, sequence }) => JSON.stringify([key, value, epoch, sequence]))
        .sort();
    const property = fc.property(sets, ([one, other]) => {
      const same = JSON.stringify(normal(one)) === JSON.stringify(normal(other));
      expect(digestOf(one) === digestOf(other)).toBe(same);
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  test("tells a hundred thousand neighbouring entries apart", () => {
    const digests = new Set<string>();
    for (let sequence = 1; sequence <= 100_000; sequence++) {
      digests.add(digestOf([{ ...BASE, key: `key${sequence % 100}`, sequence }]));
    }
    expect(digests.size).toBe(100_000);
  });
});
