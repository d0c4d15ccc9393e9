/** Pending writes against plain counting: sets of holders, looked through each time. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FOLLOWERS_MAX, PendingWrites } from "../../../src/core/pending-writes.ts";

const FOLLOWERS = 4;

interface SlowWrite {
  readonly sequence: number;
  required: number;
  readonly acceptedAtMs: number;
  readonly holders: Set<number>;
  persisted: boolean;
  committed: boolean;
  waits: boolean;
}

/** What it should be. */
class Counting {
  readonly writes: SlowWrite[] = [];

  add(required: number, acceptedAtMs: number): number {
    const sequence = this.writes.length + 1;
    const holders = new Set<number>();
    const fresh = { persisted: false, committed: false, waits: true };
    this.writes.push({ sequence, required, acceptedAtMs, holders, ...fresh });
    return sequence;
  }

  get open(): SlowWrite[] {
    return this.writes.filter((write) => !write.committed);
  }

  /** Applies `hold` to every write that is still open; gives what is committed now. */
  settle(hold: (write: SlowWrite) => void): number[] {
    return this.open.flatMap((write) => {
      hold(write);
      write.committed = write.persisted && write.holders.size >= write.required;
      return write.committed ? [write.sequence] : [];
    });
  }

  /** Takes the waiters of open writes that `over` picks. */
  take(over: (write: SlowWrite) => boolean): number[] {
    const taken = this.open.filter((write) => write.waits && over(write));
    for (const write of taken) {
      write.waits = false;
    }
    return taken.map(({ sequence }) => sequence);
  }

  get commitWatermark(): number {
    return (this.open[0]?.sequence ?? this.writes.length + 1) - 1;
  }
}

const sequences = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 5 });
const follower = fc.nat(FOLLOWERS - 1);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("add"), required: fc.nat(FOLLOWERS) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("persisted") }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("acknowledged"),
      follower,
      range: fc.tuple(fc.nat(30), fc.nat(30)),
      above: sequences,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("forget"), follower }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lower"), required: fc.nat(FOLLOWERS) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("expired"), ageMs: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("unreachable"), reachable: fc.nat(15) }) },
);
type Step =
  | { kind: "add"; required: number }
  | { kind: "persisted" }
  | { kind: "acknowledged"; follower: number; range: [number, number]; above: number[] }
  | { kind: "forget"; follower: number }
  | { kind: "lower"; required: number }
  | { kind: "expired"; ageMs: number }
  | { kind: "unreachable"; reachable: number };

/** Takes one step with both; gives what each said. */
function take(pending: PendingWrites<string>, slow: Counting, each: Step, nowMs: number) {
  const sorted = (found: { sequence: number }[]) =>
    found.map(({ sequence }) => sequence).sort((a, b) => a - b);
  const waiters = (found: { write: { sequence: number }; waiter: string }[]) =>
    found.map(({ write, waiter }) => {
      expect(waiter).toBe(`waiter ${write.sequence}`);
      return write.sequence;
    });
  switch (each.kind) {
    case "add": {
      const { required } = each;
      const sequence = slow.add(required, nowMs);
      const waiter = `waiter ${sequence}`;
      pending.add({ sequence, required, acceptedAtMs: nowMs, bytes: sequence, waiter });
      return [[], []];
    }
    case "persisted":
      return [
        sorted(pending.persisted(slow.writes.length)),
        slow.settle((write) => {
          write.persisted = true;
        }),
      ];
    case "acknowledged": {
      const after = Math.min(...each.range);
      const upTo = Math.max(...each.range);
      const holds = (sequence: number) =>
        (sequence > after && sequence <= upTo) || each.above.includes(sequence);
      return [
        sorted(pending.acknowledged(each.follower, after, upTo, each.above)),
        slow.settle(({ sequence, holders }) => {
          if (holds(sequence)) {
            holders.add(each.follower);
          }
        }),
      ];
    }
    case "forget":
      pending.forget(each.follower);
      slow.settle(({ holders }) => {
        holders.delete(each.follower);
      });
      return [[], []];
    case "lower": {
      pending.lower(each.required);
      return [
        sorted(pending.persisted(0)),
        slow.settle((write) => {
          write.required = Math.min(write.required, each.required);
        }),
      ];
    }
    case "expired": {
      const limitMs = nowMs - each.ageMs;
      return [
        waiters(pending.expired(limitMs)),
        slow.take((write) => write.acceptedAtMs <= limitMs),
      ];
    }
    case "unreachable": {
      const reachable = Array.from({ length: FOLLOWERS }, (_, index) => index).filter(
        (index) => (each.reachable & (1 << index)) !== 0,
      );
      return [
        waiters(pending.unreachable(each.reachable << 1)),
        slow.take(({ holders, required }) => new Set([...holders, ...reachable]).size < required),
      ];
    }
  }
}

describe("pending writes", () => {
  test("are committed, given up and forgotten as plain counting says", () => {
    const steps = fc.array(step as fc.Arbitrary<Step>, { maxLength: 120, size: "max" });
    const property = fc.property(steps, (taken) => {
      const pending = new PendingWrites<string>(0);
      const slow = new Counting();
      taken.forEach((each, nowMs) => {
        const [said, should] = take(pending, slow, each, nowMs);
        expect(said).toEqual(should as number[]);
        expect(pending.count).toBe(slow.open.length);
        expect(pending.bytes).toBe(slow.open.reduce((sum, { sequence }) => sum + sequence, 0));
        expect(pending.commitWatermark).toBe(slow.commitWatermark);
        for (const { sequence, committed } of slow.writes) {
          expect(pending.isCommitted(sequence)).toBe(committed);
        }
      });
    });
    fc.assert(property, { numRuns: 300 });
  });

  test("tell with each committed write who holds it", () => {
    const pending = new PendingWrites<string>(0);
    pending.add({ sequence: 1, required: 2, acceptedAtMs: 0, bytes: 1, waiter: "client" });
    pending.persisted(1);
    pending.acknowledged(FOLLOWERS_MAX - 1, 0, 1, []);
    const [write] = pending.acknowledged(0, 0, 1, []);
    expect(write).toMatchObject({ acks: 2, holders: 1 | 2 | (2 << (FOLLOWERS_MAX - 1)) });
  });

  test("begin behind what was committed before", () => {
    const pending = new PendingWrites<string>(100);
    expect(pending.commitWatermark).toBe(100);
    pending.add({ sequence: 101, required: 1, acceptedAtMs: 0, bytes: 1, waiter: "client" });
    expect(pending.persisted(101)).toEqual([]);
    expect(pending.acknowledged(0, 0, 101, [])).toHaveLength(1);
    expect(pending.commitWatermark).toBe(101);
  });

  test("wait for the leader's own storage, however many followers have it", () => {
    const pending = new PendingWrites<string>(0);
    pending.add({ sequence: 1, required: 1, acceptedAtMs: 0, bytes: 1, waiter: "client" });
    expect(pending.acknowledged(0, 0, 1, [])).toEqual([]);
    expect(pending.acknowledged(1, 0, 1, [])).toEqual([]);
    expect(pending.persisted(1)).toMatchObject([{ sequence: 1, acks: 2 }]);
  });
});
