/** The watchers of a cluster by themselves: what they must notice, and what they must let pass. */
import { describe, expect, test } from "bun:test";
import type { Assignment, Copy } from "../../../../src/core/assignment.ts";
import type { HeartbeatAnswer } from "../../../../src/node/heartbeat.ts";
import type { Rule } from "../../truth/violation.ts";
import { Decisions } from "./decisions.ts";
import { Leaderships } from "./leaderships.ts";

function copyAt(worker: string): Copy {
  return { worker, address: `http://${worker}`, slot: 0, copy: 1 };
}

function assignment(change: Partial<Assignment> = {}): Assignment {
  return {
    ...{ partition: 0, generation: 1, revision: 1, primary: "a" },
    members: [copyAt("a"), copyAt("b")],
    ...{ earlier: [], begun: true, learners: [], retained: [] },
    ...change,
  };
}

function setUp() {
  const broken: Rule[] = [];
  const decisions = new Decisions((rule) => broken.push(rule));
  const store = (stored: Assignment, mapVersion = stored.revision) => {
    decisions.stored([{ kind: "partition", id: "0", value: { assignment: stored, mapVersion } }]);
  };
  const tell = (told: Assignment, mapVersion = told.revision) => {
    decisions.told({ assignments: [told], mapVersion } as unknown as HeartbeatAnswer);
  };
  return { broken, store, tell };
}

describe("the watch over decisions", () => {
  test("lets revisions and generations rise, and what is stored be told", () => {
    const { broken, store, tell } = setUp();
    const decided = [
      assignment(),
      assignment({ revision: 2, learners: [copyAt("c")] }),
      assignment({ revision: 3, generation: 2, primary: "b" }),
    ];
    for (const one of decided) {
      store(one);
      tell(structuredClone(one));
    }
    expect(broken).toEqual([]);
  });

  test("sees what is told and was not stored", () => {
    const { broken, tell } = setUp();
    tell(assignment());
    expect(broken).toContain("generation");
  });

  test("sees one generation with two primaries, and one revision twice", () => {
    const { broken, store } = setUp();
    store(assignment({ revision: 1 }));
    store(assignment({ revision: 2, primary: "b" }));
    expect(broken).toEqual(["generation"]);
    store(assignment({ revision: 2, primary: "b", learners: [copyAt("c")] }));
    expect(broken).toEqual(["generation", "generation"]);
  });
});

describe("the watch over leaderships", () => {
  function acknowledge(...said: readonly (readonly [worker: string, epoch: number])[]): Rule[] {
    const broken: Rule[] = [];
    const holding = { key: "k", value: '"v"', epoch: 9, sequence: 9 };
    const leaderships = new Leaderships({
      workers: 2,
      heldAt: () => holding,
      broken: (rule) => broken.push(rule),
    });
    said.forEach(([worker, epoch], index) => {
      const entry = { key: "k", value: '"v"', epoch, sequence: index + 1 };
      const answer = { entry, acks: 1, required: 1 };
      leaderships.acknowledged({ process: `${worker}.0`, worker, answer, sinceMs: 0 });
    });
    return broken;
  }

  test("lets one worker acknowledge in several epochs of a generation", () => {
    expect(acknowledge(["a", 1], ["a", 1.5], ["b", 2])).toEqual([]);
  });

  test("sees two workers acknowledge in one generation", () => {
    expect(acknowledge(["a", 1.1], ["b", 1.2])).toEqual(["leaders"]);
  });
});
