/**
 * A follower and its disk, whatever comes in whatever order, also what no honest leader would send:
 * after every turn the disk holds exactly what the replica in memory holds.
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Entry } from "../../../src/core/entry.ts";
import { Follower } from "../../../src/core/follower.ts";
import { Replica } from "../../../src/core/replica.ts";
import { DiskModel } from "./disk-model.ts";

const SEQUENCES = 12;
const epoch = fc.integer({ min: 1, max: 3 });
const sequence = fc.integer({ min: 0, max: SEQUENCES });
const key = fc.constantFrom("a", "b", "c", "");
const entry: fc.Arbitrary<Entry> = fc
  .record({ key, value: fc.option(fc.constantFrom("1", "2"), { nil: undefined }), epoch })
  .chain((rest) => sequence.map((at) => ({ ...rest, sequence: at + 1 })));
const entries = fc.array(entry, { maxLength: 4 });

type Step = (follower: Follower) => void;

const page: fc.Arbitrary<Step> = fc
  .record({
    epoch,
    entries,
    from: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: sequence }),
    upTo: sequence,
    needs: fc.oneof(fc.constant(0), sequence),
    reset: fc.boolean(),
    last: fc.boolean(),
  })
  .map(
    ({ epoch: of, ...rest }): Step =>
      (follower) =>
        follower.takePage(of, rest),
  );
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: page },
  {
    weight: 6,
    arbitrary: fc.tuple(epoch, entries).map(
      ([of, taken]): Step =>
        (follower) =>
          follower.takeEntries(of, taken),
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({ epoch, sequence, commitWatermark: sequence, stableWatermark: sequence })
      .map(
        (news): Step =>
          (follower) =>
            follower.takeNews({ ...news, beat: 0 }),
      ),
  },
  {
    weight: 2,
    arbitrary: epoch.map(
      (of): Step =>
        (follower) =>
          follower.ledBy(of),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(epoch, entries).map(
      ([of, known]): Step =>
        (follower) => {
          const asked = follower.takeComparison();
          if (asked !== undefined) {
            const found = known.filter((each) => asked.keys.includes(each.key));
            const absent = asked.keys.filter((each) => !found.some((one) => one.key === each));
            const { building } = follower.standing;
            follower.takeCompared(building?.epoch ?? of, {
              from: asked.from,
              upTo: asked.from + asked.keys.length,
              entries: found,
              absent,
            });
          }
        },
    ),
  },
  {
    weight: 1,
    arbitrary: entry.map(
      (each): Step =>
        (follower) =>
          follower.putByHand({ ...each, key: `${each.key}!`, epoch: 0 }),
    ),
  },
  {
    weight: 1,
    arbitrary: entry.map(
      (each): Step =>
        (follower) =>
          follower.putByHand({ ...each, epoch: 0 }),
    ),
  },
);

describe("a follower's disk", () => {
  const turns = fc.array(fc.array(steps, { maxLength: 5 }), { maxLength: 40, size: "max" });

  test("holds what the memory holds, after every turn and whatever came", () => {
    let changeOvers = 0;
    const property = fc.property(turns, (taken) => {
      const disk = new DiskModel();
      const follower = new Follower(() => new Replica());
      for (const turn of taken) {
        const before = follower.holding.epoch;
        for (const each of turn) {
          each(follower);
        }
        changeOvers += follower.holding.epoch === before ? 0 : 1;
        const change = follower.takeChange();
        disk.commit(change === undefined ? [] : [{ group: 0, ...change }]);
        expect(disk.differenceFrom(follower.replica)).toBeUndefined();
        expect(follower.takeChange()).toBeUndefined();
      }
    });
    fc.assert(property, { numRuns: 500 });
    expect(changeOvers).toBeGreaterThan(300);
  });

  test("need not be written to by a turn that changed nothing", () => {
    const follower = new Follower(() => new Replica());
    follower.ledBy(1);
    follower.takeNews({
      epoch: 1,
      sequence: 1,
      commitWatermark: 1,
      stableWatermark: 1,
      beat: 1,
    });
    expect(follower.takeChange()).toBeUndefined();
  });
});
