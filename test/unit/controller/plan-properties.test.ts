/** Whatever happens to workers and heartbeats: decisions keep their rules, calm brings order. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ModelWorld, WORLD_STEPS, type WorldStep } from "./model-world.ts";

const OFTEN = ["round", "round", "beat", "turn", "write", "pass"] as const;

const steps = fc.array(
  fc.record<WorldStep>({
    kind: fc.constantFrom(...WORLD_STEPS, ...OFTEN, ...OFTEN, ...OFTEN),
    a: fc.nat(1_000),
    b: fc.nat(1_000),
  }),
  { minLength: 20, maxLength: 250, size: "max" },
);

function expectIdeal(world: ModelWorld): void {
  for (const { assignment } of world.state.partitions) {
    const ideal = world.state.ideals.of(assignment?.partition ?? 0);
    expect(assignment?.members.map((copy) => copy.slot).sort()).toEqual([...ideal].sort());
    expect(world.state.byId.get(assignment?.primary ?? "")?.record.slot).toBe(ideal[0]);
    expect(assignment?.learners).toEqual([]);
    expect(assignment?.earlier).toEqual([]);
  }
}

describe("plan", () => {
  for (const [workers, writeQuorum] of [
    [4, 2],
    [6, 2],
    [5, 3],
    [5, 1],
  ] as const) {
    test(`${workers} workers, WRITE_QUORUM ${writeQuorum}: rules hold, calm settles`, () => {
      fc.assert(
        fc.property(steps, (played) => {
          const world = new ModelWorld({ workers, partitions: 4, writeQuorum });
          for (let rounds = 0; rounds < 6; rounds++) {
            world.round();
          }
          for (const step of played) {
            world.step(step);
          }
          world.calm();
          expectIdeal(world);
        }),
        { numRuns: 200 },
      );
    }, 120_000);
  }
});
