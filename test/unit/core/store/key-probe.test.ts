/** What the table of keys is given of a key. */
import { expect, test } from "bun:test";
import { KeyProbe } from "../../../../src/core/store/key-probe.ts";

function hashOf(key: string): number {
  const probe = new KeyProbe();
  probe.set(key);
  return probe.hash;
}

test("a key has the same hash each time", () => {
  expect(hashOf("key")).toBe(hashOf("key"));
});

test("keys that were chosen to have one hash have not, since nobody knows where it begins", () => {
  // From the start that is public, 32,768 keys share one hash: any way through these pairs.
  const pairs = [
    ["pjplka", "cboeab"],
    ["imcfga", "bpjpab"],
    ["kpmfga", "bodpab"],
  ] as const;
  const keys = Array.from({ length: 8 }, (_, way) =>
    pairs.map((pair, at) => pair[(way >> at) & 1]).join(""),
  );
  expect(new Set(keys.map(hashOf)).size).toBeGreaterThan(4);
});
