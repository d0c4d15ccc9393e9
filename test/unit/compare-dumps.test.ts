/** What `kvnode check` calls missing, extra and stale. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compareDumps, countDifferences, type Dump } from "../../src/cli/compare-dumps.ts";

const one = { value: 1, version: 1 };

describe("comparing two dumps", () => {
  test("finds a key that is missing, one that is extra and one that is stale", () => {
    const newer = { value: 2, version: 2 };
    expect(compareDumps({ a: one, b: newer, c: one }, { b: one, c: one, d: one })).toEqual({
      missing: ["a"],
      extra: ["d"],
      stale: [{ key: "b", expected: newer, found: one }],
    });
  });

  test("sees the same value at another version, and another value at the same version", () => {
    const { stale } = compareDumps(
      { a: one, b: one },
      { a: { value: 1, version: 2 }, b: { value: "1", version: 1 } },
    );
    expect(stale.map(({ key }) => key)).toEqual(["a", "b"]);
  });

  test("is not led astray by keys that objects have by nature", () => {
    const odd = JSON.parse(
      '{"__proto__":{"value":1,"version":1},"constructor":{"value":1,"version":1}}',
    );
    expect(compareDumps(odd, {}).missing).toEqual(["__proto__", "constructor"]);
    expect(compareDumps({}, odd).extra).toEqual(["__proto__", "constructor"]);
    expect(countDifferences(compareDumps(odd, odd))).toBe(0);
  });

  test("counts as many differences as a look at every key does", () => {
    const entry = fc.record({
      value: fc.integer({ max: 2 }),
      version: fc.integer({ min: 1, max: 2 }),
    });
    const dump: fc.Arbitrary<Dump> = fc.dictionary(fc.constantFrom("a", "b", "c", "d", "é"), entry);
    fc.assert(
      fc.property(dump, dump, (a, b) => {
        const text = (of: Dump, key: string) =>
          Object.hasOwn(of, key) ? Bun.inspect(of[key]) : "";
        const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
        const different = keys.filter((key) => text(a, key) !== text(b, key));
        expect(countDifferences(compareDumps(a, b))).toBe(different.length);
      }),
    );
  });
});
