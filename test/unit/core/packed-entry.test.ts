/** Entries as they come from other nodes: a replica takes them as if their texts were strings. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { TextBytes } from "../../../src/base/utf8.ts";
import { isUtf8Between } from "../../../src/base/utf8.ts";
import type { Entry } from "../../../src/core/entry.ts";
import { NO_VALUE, PackedEntry, unpacked } from "../../../src/core/packed-entry.ts";
import { Replica } from "../../../src/core/replica.ts";

/** Somewhere in a larger message, as where it was sent. */
function packed({ key, value, epoch, sequence }: Entry): PackedEntry {
  const bytes = Buffer.from(`before${key}between${value ?? ""}after`) as TextBytes;
  const keyLength = Buffer.byteLength(key);
  const texts = {
    bytes,
    keyStart: "before".length,
    keyLength,
    valueStart: "before".length + keyLength + "between".length,
    valueLength: value === undefined ? NO_VALUE : Buffer.byteLength(value),
  };
  return new PackedEntry(texts, epoch, sequence);
}

const arbitraryEntry: fc.Arbitrary<Entry> = fc.record({
  key: fc.oneof(
    fc.constantFrom("a", "b", "ä", "€", "𝄞", "\ufeff", "\u0000"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 70 }),
  ),
  value: fc.oneof(
    fc.constantFrom(undefined, "1", '""', '"\ufffd"'),
    fc.string({ unit: "binary", maxLength: 200 }),
  ),
  epoch: fc.nat(3),
  sequence: fc.integer({ min: 1, max: 40 }),
});

describe("an entry whose texts are bytes", () => {
  test("says what it was made of", () => {
    const property = fc.property(arbitraryEntry, (entry) => {
      expect(unpacked(packed(entry))).toEqual(entry);
    });
    fc.assert(property, { numRuns: 1_000 });
  });

  test("leaves a replica as the same entry of strings does, among entries of both kinds", () => {
    const given = fc.array(fc.record({ entry: arbitraryEntry, asBytes: fc.boolean() }), {
      maxLength: 60,
    });
    const property = fc.property(given, fc.boolean(), (entries, replaces) => {
      const [mixed, plain] = [new Replica(), new Replica()];
      for (const { entry, asBytes } of entries) {
        const came = asBytes ? packed(entry) : entry;
        if (replaces) {
          mixed.replace(came);
          plain.replace(entry);
        } else {
          expect(mixed.apply(came)).toBe(plain.apply(entry));
        }
      }
      expect([...mixed.all()]).toEqual([...plain.all()]);
      expect(mixed.digest()).toEqual(plain.digest());
      expect([mixed.keys, mixed.tombstones]).toEqual([plain.keys, plain.tombstones]);
    });
    fc.assert(property, { numRuns: 500 });
  });
});

test("bytes are well-formed UTF-8 where a strict decoder takes them", () => {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const text = fc.string({ unit: "binary", maxLength: 80 }).map((it) => Buffer.from(it));
  const noise = fc.uint8Array({ maxLength: 5 });
  const property = fc.property(text, noise, text, (before, between, after) => {
    const bytes = Buffer.concat([Buffer.of(0xff), before, between, after, Buffer.of(0xff)]);
    let takes = true;
    try {
      strict.decode(bytes.subarray(1, -1));
    } catch {
      takes = false;
    }
    expect(isUtf8Between(bytes, 1, bytes.length - 1)).toBe(takes);
  });
  fc.assert(property, { numRuns: 2_000 });
});
