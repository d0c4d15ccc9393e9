/** The replica against a slow, obvious version: the newest of each key, searched each time. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Entry } from "../../../src/core/entry.ts";
import { QUORUM_KEY } from "../../../src/core/quorum-entry.ts";
import { Replica } from "../../../src/core/replica.ts";
import { compareVersions } from "../../../src/core/version.ts";

const KEYS = ["a", "a/", "a/b", "ab", "b", "\uffff", "😀", "😀/x", "z"];
const EVERYTHING = 1_000_000;

/** Entries of a group: each sequence once, in some epoch that rises with it. */
const history = fc
  .array(fc.tuple(fc.constantFrom(...KEYS), fc.option(fc.nat(99), { freq: 3 }), fc.nat(1)), {
    minLength: 1,
    maxLength: 60,
    size: "max",
  })
  .map((writes) => {
    let epoch = 1;
    return writes.map(([key, value, rise], index): Entry => {
      epoch += rise;
      return { key, value: value === null ? undefined : String(value), epoch, sequence: index + 1 };
    });
  });

/** The same entries in another order, some of them twice. */
function shuffledTwice(entries: readonly Entry[]): fc.Arbitrary<Entry[]> {
  return fc
    .subarray([...entries])
    .chain((twice) =>
      fc.shuffledSubarray([...entries, ...twice], { minLength: entries.length + twice.length }),
    );
}

const arrivals = history.chain((entries) =>
  fc.record({
    entries: fc.constant(entries),
    one: shuffledTwice(entries),
    other: shuffledTwice(entries),
  }),
);

function replicaOf(entries: readonly Entry[]): Replica {
  const replica = new Replica();
  for (const entry of entries) {
    replica.apply(entry);
  }
  return replica;
}

/** The newest entry of each key. */
function newest(entries: readonly Entry[]): Entry[] {
  return KEYS.flatMap((key) => {
    const ofKey = entries.filter((entry) => entry.key === key);
    return ofKey.toSorted(compareVersions).slice(-1);
  });
}

const byBytes = (a: Entry, b: Entry) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key));
const bySequence = (a: Entry, b: Entry) => a.sequence - b.sequence;

describe("a replica", () => {
  test("ends the same whatever order entries come in, and however often", () => {
    const property = fc.property(arrivals, ({ entries, one, other }) => {
      const replica = replicaOf(one);
      const should = newest(entries);
      for (const key of KEYS) {
        expect(replica.get(key)).toEqual(should.find((entry) => entry.key === key) as Entry);
      }
      expect(replica.keys).toBe(should.filter(({ value }) => value !== undefined).length);
      expect(replica.tombstones).toBe(should.length - replica.keys);
      expect(replica.digest().toHex()).toBe(replicaOf(other).digest().toHex());
      expect(replica.digest().keys).toBe(replica.keys);
    });
    fc.assert(property, { numRuns: 500 });
  });

  test("says of each entry whether it was newer", () => {
    const property = fc.property(arrivals, ({ one }) => {
      const replica = new Replica();
      for (const entry of one) {
        const before = replica.get(entry.key);
        const newer = before === undefined || compareVersions(entry, before) > 0;
        expect(replica.apply(entry)).toBe(newer);
        expect(replica.get(entry.key)).toEqual(newer ? entry : (before as Entry));
      }
    });
    fc.assert(property, { numRuns: 200 });
  });

  test("lists in key order, page by page, what has a value", () => {
    const where = fc.record({
      prefix: fc.constantFrom("", "a", "a/", "😀", "none"),
      after: fc.option(fc.constantFrom(...KEYS, "", "a0", "zz")),
      limit: fc.integer({ min: 1, max: 12 }),
    });
    const property = fc.property(arrivals, where, ({ one }, { prefix, after, limit }) => {
      const should = newest(one)
        .filter(({ key, value }) => value !== undefined && key.startsWith(prefix))
        .filter(({ key }) => after === null || Buffer.from(key).compare(Buffer.from(after)) > 0)
        .sort(byBytes)
        .slice(0, limit);
      expect(replicaOf(one).list({ prefix, after, limit })).toEqual(should);
    });
    fc.assert(property, { numRuns: 1_000 });
  });

  test("gives every live entry once", () => {
    const property = fc.property(arrivals, ({ one }) => {
      const should = newest(one).filter(({ value }) => value !== undefined);
      expect([...replicaOf(one).live()].sort(bySequence)).toEqual(should.sort(bySequence));
    });
    fc.assert(property, { numRuns: 100 });
  });

  test("gives what is newer than a sequence, also after it has grown and been asked before", () => {
    const bounds = fc.tuple(fc.nat(60), fc.nat(70));
    const property = fc.property(arrivals, bounds, ({ one }, [from, upTo]) => {
      const half = one.slice(0, one.length / 2);
      const replica = replicaOf(half);
      const above = (entries: readonly Entry[]) =>
        newest(entries)
          .filter(({ sequence }) => sequence > from && sequence <= upTo)
          .sort(bySequence);
      expect(replica.above(from, upTo, EVERYTHING)).toEqual(above(half));
      for (const entry of one.slice(half.length)) {
        replica.apply(entry);
      }
      expect(replica.above(from, upTo, EVERYTHING)).toEqual(above(one));
    });
    fc.assert(property, { numRuns: 500 });
  });

  test("gives it in pages that together are the whole, each of one entry at least", () => {
    const property = fc.property(arrivals, fc.integer({ min: 1, max: 120 }), ({ one }, budget) => {
      const replica = replicaOf(one);
      const pages: Entry[][] = [];
      for (let from = 0; pages.at(-1)?.length !== 0; from = pages.at(-1)?.at(-1)?.sequence ?? 0) {
        pages.push(replica.above(from, EVERYTHING, budget));
      }
      expect(pages.flat()).toEqual(replica.above(0, EVERYTHING, EVERYTHING));
    });
    fc.assert(property, { numRuns: 200 });
  });

  test("forgets tombstones up to a sequence and nothing else", () => {
    const property = fc.property(arrivals, fc.nat(60), ({ one }, upTo) => {
      const replica = replicaOf(one);
      replica.dropTombstones(upTo);
      const left = newest(one).filter(
        ({ value, sequence }) => value !== undefined || sequence > upTo,
      );
      expect(replica.above(0, EVERYTHING, EVERYTHING)).toEqual(left.sort(bySequence));
      expect(KEYS.filter((key) => replica.get(key) !== undefined).sort()).toEqual(
        left.map(({ key }) => key).sort(),
      );
      const listed = replica.list({ prefix: "", after: null, limit: 100 });
      expect(listed.sort(bySequence)).toEqual(left.filter(({ value }) => value !== undefined));
    });
    fc.assert(property, { numRuns: 300 });
  });
});

describe("a great many tombstones", () => {
  test("go a part at a time, oldest first, and all of them in the end", () => {
    const count = 100_000;
    const replica = new Replica();
    for (let sequence = 1; sequence <= count; sequence++) {
      replica.apply({ key: `key-${sequence}`, value: undefined, epoch: 1, sequence });
    }
    const dropped: string[] = [];
    let calls = 0;
    while (replica.tombstones > 0) {
      const some = replica.dropTombstones(count);
      expect(some.length).toBeLessThan(20_000);
      dropped.push(...some);
      calls += 1;
    }
    expect(calls).toBeLessThan(10);
    expect(dropped).toEqual(Array.from({ length: count }, (_, at) => `key-${at + 1}`));
    expect(replica.get("key-7")).toBeUndefined();
  });

  test("go faster the more there are, so that they can't come faster than they go", () => {
    const count = 400_000;
    const replica = new Replica();
    for (let sequence = 1; sequence <= count; sequence++) {
      replica.apply({ key: `key-${sequence}`, value: undefined, epoch: 1, sequence });
    }
    expect(replica.dropTombstones(count)).toHaveLength(count / 16);
  });
});

describe("the index by version", () => {
  const SWEEPING = 5_000;

  test.each([
    ["in order", (sequence: number) => sequence],
    ["out of order", (sequence: number) => (sequence * 2_003) % SWEEPING],
  ])("loses nothing as rubbish is swept out of it, entries coming %s", (_, order) => {
    const replica = new Replica();
    const entries: Entry[] = [];
    for (let at = 0; at < SWEEPING; at++) {
      const sequence = order(at) + 1;
      const entry = { key: `key${sequence % 7}`, value: "1", epoch: 1, sequence };
      entries.push(entry);
      replica.apply(entry);
      if (at % 97 === 0) {
        const newestOfAll = new Map<string, Entry>();
        for (const each of entries) {
          const standing = newestOfAll.get(each.key);
          if (standing === undefined || standing.sequence < each.sequence) {
            newestOfAll.set(each.key, each);
          }
        }
        const should = [...newestOfAll.values()].sort(bySequence);
        expect(replica.above(0, EVERYTHING, EVERYTHING)).toEqual(should);
      }
    }
  });
});

describe("a digest that is made in steps", () => {
  /** Of so much text that each step takes a few of them. */
  const VALUE = JSON.stringify("x".repeat(60_000));
  const KEYS_IN_ALL = 16;

  test("is that of what stands when it ends, whatever is written meanwhile", () => {
    const write = fc.record({
      key: fc.nat(KEYS_IN_ALL).map((at) => `key${at}`),
      what: fc.constantFrom("value", "tombstone", "forget", "drop"),
    });
    const meanwhile = fc.array(fc.array(write, { maxLength: 5 }), { minLength: 1, maxLength: 6 });
    const property = fc.property(meanwhile, fc.boolean(), (rounds, twice) => {
      const replica = new Replica();
      let sequence = 0;
      const put = (key: string, value: string | undefined) => {
        sequence += 1;
        replica.apply({ key, value, epoch: 1, sequence });
      };
      for (let at = 0; at < KEYS_IN_ALL; at++) {
        put(`key${at}`, VALUE);
      }
      put(QUORUM_KEY, "{}");
      const other = twice ? replica.digesting() : undefined;
      other?.next();
      const steps = replica.digesting();
      let count = 0;
      for (;;) {
        const step = steps.next();
        if (step.done) {
          expect(step.value.toHex()).toBe(
            replicaOf([...replica.all()])
              .digest()
              .toHex(),
          );
          expect(step.value.keys).toBe(replica.keys);
          break;
        }
        for (const { key, what } of rounds[count % rounds.length] ?? []) {
          if (what === "forget") {
            replica.forget(key);
          } else if (what === "drop") {
            replica.dropTombstones(sequence);
          } else {
            put(key, what === "value" ? `"${sequence}"` : undefined);
          }
        }
        count += 1;
      }
      expect(count).toBeGreaterThan(1);
      other?.return(replica.digest());
    });
    fc.assert(property, { numRuns: 40 });
  });
});

describe("entries made by hand", () => {
  const byHand = (key: string, sequence: number): Entry => ({
    ...{ key, value: `"${sequence}"`, epoch: 0, sequence },
  });

  test("lose against every entry of a group, whichever comes first", () => {
    const ofGroup: Entry = { key: "a", value: "1", epoch: 1, sequence: 1 };
    for (const order of [
      [byHand("a", 99), ofGroup],
      [ofGroup, byHand("a", 99)],
    ]) {
      expect(replicaOf(order).get("a")).toEqual(ofGroup);
    }
  });

  test("are listed, and are no part of a catch-up", () => {
    const replica = replicaOf([byHand("a", 1), byHand("a", 3), byHand("a", 2)]);
    expect(replica.get("a")).toMatchObject({ sequence: 3 });
    expect(replica.list({ prefix: "", after: null, limit: 9 })).toHaveLength(1);
    expect(replica.above(0, EVERYTHING, EVERYTHING)).toEqual([]);
  });
});

describe("a replica that takes another leader's state over", () => {
  const dead: Entry = { key: "a", value: '"dead"', epoch: 1, sequence: 9 };
  const older: Entry = { key: "a", value: '"older"', epoch: 1, sequence: 3 };

  test("replaces an entry by an older one, in every view", () => {
    const replica = replicaOf([dead]);
    replica.replace(older);
    expect(replica.get("a")).toEqual(older);
    expect(replica.above(0, EVERYTHING, EVERYTHING)).toEqual([older]);
    expect(replica.list({ prefix: "", after: null, limit: 9 })).toEqual([older]);
    expect(replica.digest().toHex()).toBe(replicaOf([older]).digest().toHex());
  });

  test("replaces a tombstone, and by one", () => {
    const replica = replicaOf([{ ...dead, value: undefined }]);
    replica.replace(older);
    expect(replica).toMatchObject({ keys: 1, tombstones: 0 });
    replica.replace({ ...older, value: undefined });
    expect(replica).toMatchObject({ keys: 0, tombstones: 1 });
    expect(replica.dropTombstones(3)).toEqual(["a"]);
    expect(replica.get("a")).toBeUndefined();
  });

  test("forgets a key as if it had never been there", () => {
    const other: Entry = { key: "b", value: "1", epoch: 1, sequence: 1 };
    const replica = replicaOf([other, dead]);
    replica.forget("a");
    replica.forget("never");
    expect([...replica.all()]).toEqual([other]);
    expect(replica.above(0, EVERYTHING, EVERYTHING)).toEqual([other]);
    expect(replica.keys).toBe(1);
    expect(replica.apply(older)).toBe(true);
    expect(replica.list({ prefix: "a", after: null, limit: 9 })).toEqual([older]);
  });

  test("remembers the highest sequence that it ever held", () => {
    const replica = new Replica();
    expect(replica.newest).toBe(0);
    replica.apply({ key: "hand", value: "1", epoch: 0, sequence: 99 });
    expect(replica.newest).toBe(0);
    replica.apply(dead);
    replica.replace(older);
    replica.forget("a");
    expect(replica.newest).toBe(9);
  });

  test("gives everything, tombstones and what was put in by hand too", () => {
    const entries = [older, { key: "t", value: undefined, epoch: 1, sequence: 4 }];
    const hand = { key: "hand", value: "1", epoch: 0, sequence: 1 };
    expect([...replicaOf([...entries, hand]).all()]).toEqual([...entries, hand]);
  });
});

describe("the group's own entry", () => {
  const quorum: Entry = { key: QUORUM_KEY, value: "{}", epoch: 1, sequence: 2 };
  const key: Entry = { key: "a", value: "1", epoch: 1, sequence: 1 };

  test("is no key: not in lists, counts and digests", () => {
    const replica = replicaOf([key, quorum]);
    expect(replica.keys).toBe(1);
    expect(replica.list({ prefix: "", after: null, limit: 9 })).toEqual([key]);
    expect([...replica.live()]).toEqual([key]);
    expect(replica.digest().toHex()).toBe(replicaOf([key]).digest().toHex());
  });

  test("is replicated as every other", () => {
    const replica = replicaOf([key, quorum]);
    expect(replica.get(QUORUM_KEY)).toEqual(quorum);
    expect(replica.above(0, EVERYTHING, EVERYTHING)).toEqual([key, quorum]);
    expect([...replica.all()]).toContainEqual(quorum);
    const newer = { ...quorum, sequence: 5 };
    expect(replica.apply(newer)).toBe(true);
    expect(replica).toMatchObject({ keys: 1, newest: 5 });
    replica.forget(QUORUM_KEY);
    expect(replica.keys).toBe(1);
  });
});
