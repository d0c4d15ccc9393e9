/** Key order against the order of UTF-8 bytes. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compareKeys } from "../../../src/core/key-order.ts";

const sign = (order: number) => Math.sign(order);
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Where UTF-16 units and code points disagree: above FFFF against E000–FFFF. */
const tricky = fc.constantFrom("\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{10ffff}", "😀", "z");
const key = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.array(tricky, { maxLength: 5 }).map((parts) => parts.join("")),
);

describe("the order of keys", () => {
  test("is the order of their UTF-8 bytes", () => {
    const property = fc.property(key, key, key, (common, a, b) => {
      expect(sign(compareKeys(a, b))).toBe(byBytes(a, b));
      expect(sign(compareKeys(common + a, common + b))).toBe(byBytes(common + a, common + b));
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  test("differs from the order of UTF-16 units for what stands above U+FFFF", () => {
    expect("\uffff" > "\u{10000}").toBe(true);
    expect(compareKeys("\uffff", "\u{10000}")).toBeLessThan(0);
    expect(compareKeys("\ue000", "😀")).toBeLessThan(0);
    expect(compareKeys("\ud7ff", "😀")).toBeLessThan(0);
  });
});
