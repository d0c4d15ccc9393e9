/** The write quorum as an entry: its two steps in numbers, and what stands in the entry. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  isSettled,
  jointQuorum,
  QUORUM_KEY,
  type QuorumState,
  quorumOf,
  quorumToValue,
  settledQuorum,
} from "../../../src/core/quorum-entry.ts";

const state = (writes: number, takeovers: number, target: number): QuorumState => ({
  writes,
  takeovers,
  target,
});

describe("the first step of a change", () => {
  const table: readonly [string, QuorumState, number, number | undefined, QuorumState][] = [
    ["raised from 2 to 4", settledQuorum(2), 4, 2, state(4, 2, 4)],
    ["lowered from 4 to 2", settledQuorum(4), 2, 4, state(4, 2, 2)],
    ["asked for what it is", settledQuorum(3), 3, 3, state(3, 3, 3)],
    [
      "raised to 4 and back to 2 by the leader that raised it",
      state(4, 2, 4),
      2,
      2,
      state(2, 2, 2),
    ],
    ["raised to 4, inherited and back to 2", state(4, 2, 4), 2, undefined, state(4, 2, 2)],
    ["raised to 4 and on to 5", state(4, 2, 4), 5, 2, state(5, 2, 5)],
    ["raised to 4 and down to 1", state(4, 2, 4), 1, 2, state(2, 1, 1)],
    ["lowered to 2 and up to 3: a rival may still assume 4", state(4, 2, 2), 3, 4, state(4, 2, 3)],
    ["lowered to 2 and on to 1", state(4, 2, 2), 1, 4, state(4, 1, 1)],
    ["lowered to 2 and back to 4", state(4, 2, 2), 4, 4, state(4, 2, 4)],
    ["lowered to 2, inherited and up to 3", state(4, 2, 2), 3, undefined, state(4, 2, 3)],
  ];

  test.each(table)("quorum: %s", (_, ...[from, target, assumed, joint]) => {
    expect(jointQuorum(from, target, assumed)).toEqual(joint);
  });

  test("never lets a write do with less than any takeover assumes, however changes follow", () => {
    const targets = fc.array(fc.nat(6), { minLength: 1, maxLength: 8 });
    const property = fc.property(fc.nat(6), targets, (first, wanted) => {
      let quorum = settledQuorum(first);
      for (const target of wanted) {
        quorum = jointQuorum(quorum, target, first);
        expect(quorum.target).toBe(target);
        expect(quorum.takeovers).toBeLessThanOrEqual(Math.min(quorum.writes, target));
        // Nobody but this leader may have heard of any of it.
        expect(quorum.writes).toBeGreaterThanOrEqual(first);
        expect(isSettled(quorum)).toBe(quorum.writes === target && quorum.takeovers === target);
      }
    });
    fc.assert(property);
  });
});

describe("the entry of the quorum", () => {
  const counts = fc.record({ writes: fc.nat(30), takeovers: fc.nat(30), target: fc.nat(30) });

  test("says what was put into it", () => {
    const property = fc.property(counts, (quorum) => {
      const entry = { key: QUORUM_KEY, value: quorumToValue(quorum), epoch: 1, sequence: 1 };
      expect(quorumOf(entry, 9)).toEqual(quorum);
    });
    fc.assert(property);
  });

  test("is the quorum of the first day where there is none", () => {
    expect(quorumOf(undefined, 3)).toEqual(settledQuorum(3));
    expect(isSettled(quorumOf(undefined, 3))).toBe(true);
  });
});
