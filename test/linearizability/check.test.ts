/** The checker itself: known histories, agreement with a slow obvious one, and its speed. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createSeededRandom, randomBelow } from "../../src/base/random.ts";
import { isLinearizableByBruteForce } from "./brute-force.ts";
import { checkLinearizable } from "./check.ts";
import type { Operation, OperationOutcome } from "./history.ts";
import { simulateRegister } from "./simulate-register.ts";

/** Shorthands: an operation on key "k" from one moment to another. */
const operation =
  (kind: Operation["kind"], outcome: OperationOutcome) =>
  (value: string | undefined, invokedAtMs: number, returnedAtMs?: number): Operation => ({
    ...{ client: 0, key: "k", kind, value, invokedAtMs, returnedAtMs, outcome },
  });
const write = operation("write", "ok");
const read = operation("read", "ok");
const refusedWrite = operation("write", "refused");
const unknownWrite = operation("write", "unknown");
const failedRead = operation("read", "unknown");
const remove = (from: number, to: number) => operation("delete", "ok")(undefined, from, to);
const unknownRemove = (from: number) => operation("delete", "unknown")(undefined, from);
const refusedRemove = (from: number) => operation("delete", "refused")(undefined, from, from + 1);
const ABSENT = undefined;

const GOOD: Record<string, Operation[]> = {
  "nothing happened": [],
  "an absent key is read as absent": [read(ABSENT, 0, 1)],
  "a write is read": [write("1", 0, 1), read("1", 2, 3)],
  "a read during a write sees the value before it": [write("1", 0, 9), read(ABSENT, 1, 2)],
  "a read during a write sees its value": [write("1", 0, 9), read("1", 1, 2)],
  "reads during two writes see one, then the other": [
    ...[write("1", 0, 9), write("2", 0, 9)],
    ...[read("2", 1, 2), read("1", 3, 4), read("1", 10, 11)],
  ],
  "concurrent reads see two concurrent writes in one order": [
    ...[write("1", 0, 9), write("2", 0, 9)],
    ...[read("1", 1, 4), read("2", 2, 5), read("2", 6, 7)],
  ],
  "a read that touches a write is concurrent with it": [write("1", 0, 1), read(ABSENT, 1, 2)],
  "a value is written twice and seen before and after another": [
    ...[write("1", 0, 1), read("1", 2, 3), write("2", 4, 5), read("2", 6, 7)],
    ...[write("1", 8, 9), read("1", 10, 11)],
  ],
  "an unknown write is never seen": [
    ...[write("1", 0, 1), unknownWrite("2", 2), read("1", 3, 4), read("1", 8, 9)],
  ],
  "an unknown write is seen at once": [unknownWrite("1", 0), read("1", 1, 2), read("1", 3, 4)],
  "an unknown write is seen much later": [
    ...[unknownWrite("1", 0), read(ABSENT, 1, 2), write("2", 3, 4), read("2", 5, 6)],
    read("1", 7, 8),
  ],
  "an unknown write that was answered with 504 takes effect after that answer": [
    ...[unknownWrite("1", 0, 1), read(ABSENT, 2, 3), read("1", 4, 5)],
  ],
  "an unknown delete takes effect later": [
    ...[write("1", 0, 1), unknownRemove(2), read("1", 3, 4), read(ABSENT, 5, 6)],
  ],
  "an unknown delete never takes effect": [write("1", 0, 1), unknownRemove(2), read("1", 9, 10)],
  "two unknown writes of one value each take effect": [
    ...[unknownWrite("1", 0), unknownWrite("1", 0), read("1", 1, 2), write("2", 3, 4)],
    ...[read("2", 5, 6), read("1", 7, 8)],
  ],
  "a refused write is not seen": [refusedWrite("1", 0, 1), read(ABSENT, 2, 3)],
  "a refused delete leaves the value": [write("1", 0, 1), refusedRemove(2), read("1", 4, 5)],
  "a read that failed says nothing": [write("1", 0, 1), failedRead("7", 2, 3), read("1", 4, 5)],
  "a delete races a write and comes first": [write("1", 0, 9), remove(0, 9), read("1", 10, 11)],
  "a delete races a write and comes last": [write("1", 0, 9), remove(0, 9), read(ABSENT, 10, 11)],
  "deletes of an absent key race": [remove(0, 9), remove(0, 9), read(ABSENT, 10, 11)],
  "keys know nothing of one another": [
    ...[write("1", 0, 1), { ...read(ABSENT, 2, 3), key: "other" }, read("1", 4, 5)],
  ],
};

const BAD: Record<string, Operation[]> = {
  "a value is read that nobody wrote": [read("1", 0, 1)],
  "a read is stale": [write("1", 0, 1), write("2", 2, 3), read("1", 4, 5)],
  "a write is lost": [write("1", 0, 1), read(ABSENT, 2, 3)],
  "a write is lost after it was seen": [write("1", 0, 1), read("1", 2, 3), read(ABSENT, 4, 5)],
  "a value is seen before it is written": [read("1", 0, 1), write("1", 2, 3)],
  "a refused write is seen": [refusedWrite("1", 0, 1), read("1", 2, 3)],
  "a refused write is seen while it is under way": [refusedWrite("1", 0, 9), read("1", 2, 3)],
  "a refused delete takes effect": [write("1", 0, 1), refusedRemove(2), read(ABSENT, 4, 5)],
  "a dead value comes back": [
    ...[write("1", 0, 1), read("1", 2, 3), write("2", 4, 5), read("2", 6, 7), read("1", 8, 9)],
  ],
  "a deleted value comes back": [write("1", 0, 1), remove(2, 3), read("1", 4, 5)],
  "a deleted value comes back after its absence was seen": [
    ...[write("1", 0, 1), remove(2, 9), read(ABSENT, 3, 4), read("1", 5, 6)],
  ],
  "an unknown write is seen, then unseen": [
    ...[write("1", 0, 1), unknownWrite("2", 2), read("2", 3, 4), read("1", 5, 6)],
  ],
  "an unknown write is seen on both sides of another": [
    ...[unknownWrite("1", 0), read("1", 1, 2), write("2", 3, 4), read("2", 5, 6)],
    read("1", 7, 8),
  ],
  "an unknown write is seen before it was called": [read("1", 0, 1), unknownWrite("1", 2)],
  "an unknown delete is seen, then unseen": [
    ...[write("1", 0, 1), unknownRemove(2), read(ABSENT, 3, 4), read("1", 5, 6)],
  ],
  "readers see two concurrent writes in different orders": [
    ...[write("1", 0, 9), write("2", 0, 9)],
    ...[read("1", 1, 2), read("2", 3, 4), read("1", 5, 6)],
  ],
  "a read goes back during one write": [write("1", 0, 9), read("1", 1, 2), read(ABSENT, 3, 4)],
  "a delete that raced two writes undoes them both, then one is back": [
    ...[write("1", 0, 5), write("2", 0, 5), remove(0, 5), read(ABSENT, 6, 7), read("2", 8, 9)],
  ],
  "only one of several keys is wrong": [
    ...[write("1", 0, 1), { ...write("2", 0, 1), key: "other" }, read("1", 2, 3)],
    { ...read("1", 2, 3), key: "other" },
  ],
};

describe("a history is linearizable where", () => {
  for (const [name, history] of Object.entries(GOOD)) {
    test(name, () => {
      expect(isLinearizableByBruteForce(history)).toBe(true);
      expect(checkLinearizable(history)).toEqual({ linearizable: true });
    });
  }
});

describe("a history is not linearizable where", () => {
  for (const [name, history] of Object.entries(BAD)) {
    test(name, () => {
      expect(isLinearizableByBruteForce(history)).toBe(false);
      expect(checkLinearizable(history).linearizable).toBe(false);
    });
  }
});

describe("the checker", () => {
  test("names the key and the first answer that does not fit", () => {
    const stale = { ...read("1", 6, 7), key: "wrong", client: 4 };
    const verdict = checkLinearizable([
      ...[write("1", 0, 1), read("1", 2, 3)],
      ...[write("1", 0, 1), write("2", 2, 3), read("2", 4, 5)].map(onKey("wrong")),
      ...[stale, ...[write("3", 8, 9), read("2", 10, 11)].map(onKey("wrong"))],
    ]);
    expect(verdict).toMatchObject({ linearizable: false, key: "wrong", culprit: stale });
    const { explanation } = verdict as { explanation: string };
    expect(explanation).toContain("key wrong: no order explains client 4: read 1 [6.000 – 7.000");
  });

  test("says so instead of guessing where its bound on steps is too low", () => {
    const history = [write("1", 0, 1), read("1", 2, 3)];
    const verdict = checkLinearizable(history, { stepsMax: 1 });
    expect(verdict).toMatchObject({ linearizable: undefined, key: "k" });
    expect(checkLinearizable(history, { stepsMax: 2 }).linearizable).toBe(true);
  });

  test("refuses an answer from before its call", () => {
    expect(() => checkLinearizable([write("1", 5, 4)])).toThrow("before the invocation");
    expect(() => checkLinearizable([write("1", 5)])).toThrow("no time of return");
  });

  test("agrees with every order tried, on small random histories", () => {
    const found = { linearizable: 0, not: 0 };
    const agree = (history: Operation[]) => {
      const expected = isLinearizableByBruteForce(history);
      found[expected ? "linearizable" : "not"] += 1;
      expect(checkLinearizable(history).linearizable).toBe(expected);
    };
    fc.assert(fc.property(fc.array(anyOperation, { maxLength: 7 }), agree), { numRuns: 6_000 });
    fc.assert(fc.property(nearlyLinearizable, agree), { numRuns: 6_000 });
    expect(found.linearizable).toBeGreaterThan(3_000);
    expect(found.not).toBeGreaterThan(3_000);
  }, 30_000);
});

const onKey = (key: string) => (each: Operation) => ({ ...each, key });

/** Anything at all: mostly not linearizable. */
const anyOperation: fc.Arbitrary<Operation> = fc
  .record({
    kind: fc.constantFrom("write" as const, "read" as const, "read" as const, "delete" as const),
    value: fc.constantFrom("1", "2", "3"),
    isAbsent: fc.nat(3).map((n) => n === 0),
    startMs: fc.nat(12),
    durationMs: fc.nat(8),
    outcome: fc.constantFrom<OperationOutcome>("ok", "ok", "ok", "unknown", "refused"),
  })
  .map(({ kind, value, isAbsent, startMs, durationMs, outcome }) => ({
    client: 0,
    key: "k",
    kind,
    value: kind === "delete" || (kind === "read" && isAbsent) ? undefined : value,
    invokedAtMs: startMs,
    returnedAtMs: outcome === "unknown" ? undefined : startMs + durationMs,
    outcome,
  }));

/** What a register did, in half of the cases with one value changed. */
const nearlyLinearizable: fc.Arbitrary<Operation[]> = fc
  .record({ seed: fc.nat(), changed: fc.nat(15), value: fc.constantFrom("1", "2", undefined) })
  .map(({ seed, changed, value }) => {
    const random = createSeededRandom(seed);
    const history = simulateRegister({ random, clients: 4, operations: 8, values: 2 });
    return history.map((each, index) =>
      index === changed && each.kind === "read" ? { ...each, value } : each,
    );
  });

describe("a long history of a real register", () => {
  const LONG = { clients: 30, operations: 5_000 };
  /** Generous: a quarter of a second where nobody else works. */
  const LIMIT_MS = 5_000;

  for (const [what, values] of Object.entries({ unique: undefined, few: 3, many: 10 })) {
    test(`is found linearizable quickly (30 clients, 5,000 operations, ${what} values)`, () => {
      for (let seed = 1; seed <= 3; seed++) {
        const history = simulateRegister({ random: createSeededRandom(seed), ...LONG, values });
        const startedAtMs = performance.now();
        expect(checkLinearizable(history)).toEqual({ linearizable: true });
        expect(performance.now() - startedAtMs).toBeLessThan(LIMIT_MS);
      }
    }, 30_000);
  }

  test("is found wrong quickly where one read is", () => {
    for (let seed = 1; seed <= 5; seed++) {
      const random = createSeededRandom(seed);
      const history = simulateRegister({ random, ...LONG, values: undefined });
      const reads = history.filter(({ kind, outcome }) => kind === "read" && outcome === "ok");
      const changed = reads[500 + randomBelow(random, reads.length - 500)] as Operation;
      const culprit = { ...changed, value: (reads[100] as Operation).value };
      const startedAtMs = performance.now();
      const verdict = checkLinearizable(history.map((each) => (each === changed ? culprit : each)));
      expect(verdict).toMatchObject({ linearizable: false, culprit });
      expect(performance.now() - startedAtMs).toBeLessThan(LIMIT_MS);
    }
  }, 30_000);
});
