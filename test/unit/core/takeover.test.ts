import { describe, expect, test } from "bun:test";
import { settledQuorum } from "../../../src/core/quorum-entry.ts";
import { everybody, type PromiseAnswer, Takeover } from "../../../src/core/takeover.ts";

/** A member that remembers epoch 1 and follows slot 0, with a quorum of 2. */
const PLAIN: PromiseAnswer = {
  blank: false,
  severed: 0,
  memory: "m",
  before: 1,
  led: 0,
  synced: 1,
  watermark: 10,
  commitWatermark: 8,
  sequence: 10,
  quorum: settledQuorum(2),
  notes: [],
};
const BLANK: PromiseAnswer = { ...PLAIN, blank: true, memory: "new", synced: 0, sequence: 0 };

interface Scenario {
  members?: number;
  appointed?: boolean;
  own?: Partial<PromiseAnswer>;
  inMemory?: boolean;
  /** By slot, what each has answered, in this order. */
  answers: Record<number, Partial<PromiseAnswer>>;
}

/** Slot 1 wants to lead. */
function takeoverOf(scenario: Scenario): Takeover {
  const { members = 5, appointed = false, own = {}, inMemory = false, answers } = scenario;
  const takeover = new Takeover({
    appointed,
    slot: 1,
    electorates: everybody(members),
    own: { ...PLAIN, ...own },
    inMemory,
  });
  for (const [slot, answer] of Object.entries(answers)) {
    const number = takeover.ask(Number(slot));
    takeover.promised(Number(slot), number, { ...PLAIN, memory: `m${slot}`, ...answer });
  }
  return takeover;
}

describe("takeover: how many promises it needs", () => {
  test("R = N − W, its own included (N=5, W=2)", () => {
    expect(takeoverOf({ answers: { 0: {} } }).decide()).toEqual({
      step: "wait",
      needed: 3,
      counted: [0, 1],
      blank: [],
      missing: [2, 3, 4],
    });
    expect(takeoverOf({ answers: { 0: {}, 3: {} } }).decide()).toMatchObject({ step: "merge" });
  });

  test("a blank member does not count, and is named", () => {
    const decision = takeoverOf({ answers: { 0: {}, 3: BLANK } }).decide();
    expect(decision).toMatchObject({ step: "wait", counted: [0, 1], blank: [3], missing: [2, 4] });
  });

  test.each([
    ["while it is lowered 4 → 2", { writes: 4, takeovers: 2, target: 2 }, 3],
    ["while it is raised 2 → 4", { writes: 4, takeovers: 2, target: 4 }, 3],
    ["once it is 4", settledQuorum(4), 1],
  ])("by the quorum's lower number, %s (N=5)", (_, quorum, needed) => {
    const decision = takeoverOf({ own: { quorum }, answers: {} }).decide();
    expect(decision).toMatchObject(needed === 1 ? { step: "merge" } : { step: "wait", needed });
  });

  test("by the least that those of the highest synced epoch tell, and by nobody else", () => {
    const old = { synced: 1, quorum: settledQuorum(1) };
    const newer = { synced: 7, quorum: settledQuorum(3) };
    const joint = { synced: 7, quorum: { writes: 3, takeovers: 2, target: 3 } };
    expect(takeoverOf({ own: newer, answers: { 0: old } }).decide().step).toBe("merge");
    expect(takeoverOf({ own: newer, answers: { 0: joint } }).decide()).toMatchObject({ needed: 3 });
  });
});

describe("takeover: whose state it takes", () => {
  test("everybody's of the highest synced epoch, and nobody's of an older one", () => {
    const ahead = { synced: 7, commitWatermark: 11, watermark: 12, sequence: 14 };
    const behind = { synced: 1, commitWatermark: 20, sequence: 30 };
    const answers = { 0: ahead, 2: behind, 3: { ...ahead, commitWatermark: 12, sequence: 13 } };
    expect(takeoverOf({ answers }).decide()).toEqual({
      step: "merge",
      epoch: 7,
      sources: [0, 3],
      commitWatermark: 12,
      // Used by somebody, whatever became of it.
      sequence: 30,
      beyondPromise: false,
      missing: [4],
      notes: [],
    });
  });

  test("its own too where it is of that epoch", () => {
    expect(takeoverOf({ answers: { 0: {}, 2: { synced: 0.5 } } }).decide()).toMatchObject({
      sources: [1, 0],
    });
  });

  test("what somebody has noted is handed on, the newest of each slot", () => {
    const note = (epoch: number, memory: string) => ({ slot: 4, memory, epoch, sequence: 1 });
    const answers = { 0: { notes: [note(5, "newer")] }, 2: { notes: [note(3, "older")] } };
    expect(takeoverOf({ answers }).decide()).toMatchObject({ notes: [note(5, "newer")] });
  });
});

describe("takeover: the one that led last leads again", () => {
  const own = { led: 1, synced: 1, before: 1, quorum: settledQuorum(1) };

  test("with C promises where that is less than R (N=5, W=1)", () => {
    expect(takeoverOf({ own, answers: {} }).decide()).toMatchObject({ step: "wait" });
    const decision = takeoverOf({ own, answers: { 0: { quorum: settledQuorum(1) } } }).decide();
    expect(decision).toEqual({ step: "again", commitWatermark: 8, sequence: 10, notes: [] });
  });

  test("with R promises where that is less than C (N=5, W=4)", () => {
    const high = { ...own, quorum: settledQuorum(4) };
    expect(takeoverOf({ own: high, answers: {} }).decide()).toMatchObject({ step: "again" });
  });

  test("but not when anybody had promised a higher epoch", () => {
    const answers = { 0: { quorum: settledQuorum(1), before: 2 } };
    expect(takeoverOf({ own, answers }).decide()).toMatchObject({ step: "wait", needed: 4 });
  });

  test("nor when it had itself, nor when its state is another leader's", () => {
    const answers = { 0: { quorum: settledQuorum(1) } };
    expect(takeoverOf({ own: { ...own, before: 2 }, answers }).decide().step).toBe("wait");
    expect(takeoverOf({ own: { ...own, synced: 3 }, answers }).decide().step).toBe("wait");
  });

  test("although it has tried in vain since, where it alone may in that generation", () => {
    const quorum = settledQuorum(1);
    const tried = { ...own, led: 1.25, synced: 1.25, before: 1.5, quorum };
    const answers = { 0: { quorum, synced: 1.25, before: 1.5 } };
    const decide = (appointed: boolean, before: number) => {
      const given = { 0: { ...answers[0], before } };
      return takeoverOf({ appointed, own: tried, answers: given }).decide().step;
    };
    expect(decide(false, 1.5)).toBe("wait");
    expect(decide(true, 1.5)).toBe("again");
    expect(decide(true, 2.125)).toBe("wait");
  });

  test("while the quorum changes it needs the higher one's C (N=5, 1 → 2)", () => {
    const raised = { ...own, quorum: { writes: 2, takeovers: 1, target: 2 } };
    const answer = { quorum: settledQuorum(1) };
    expect(takeoverOf({ own: raised, answers: { 0: answer } }).decide().step).toBe("wait");
    expect(takeoverOf({ own: raised, answers: { 0: answer, 2: answer } }).decide().step).toBe(
      "again",
    );
  });
});

describe("takeover: a candidate that lost its memory", () => {
  test("does not count itself and needs C others where that is more than R (N=5, W=3)", () => {
    const quorum = settledQuorum(3);
    const three = { 0: { quorum }, 2: { quorum }, 3: { quorum } };
    expect(takeoverOf({ own: BLANK, answers: three }).decide()).toMatchObject({ needed: 4 });
    const four = { ...three, 4: { quorum } };
    expect(takeoverOf({ own: BLANK, answers: four }).decide()).toMatchObject({
      step: "merge",
      sources: [0, 2, 3, 4],
    });
  });

  test("or every other member's answer, of which R remember (N=5, W=3)", () => {
    const quorum = settledQuorum(3);
    const answers = { 0: { quorum }, 2: { quorum }, 3: BLANK, 4: BLANK };
    expect(takeoverOf({ own: BLANK, answers }).decide()).toMatchObject({
      step: "merge",
      beyondPromise: false,
    });
  });

  test("waits where nobody remembers, forced or not", () => {
    const takeover = takeoverOf({
      own: BLANK,
      answers: { 0: BLANK, 2: BLANK, 3: BLANK, 4: BLANK },
    });
    expect(takeover.decide().step).toBe("wait");
    expect(takeover.decide({ force: true }).step).toBe("wait");
  });
});

describe("takeover: with fewer promises than it needs", () => {
  const answers = { 0: BLANK, 2: BLANK, 3: BLANK };

  test("it goes on when it is forced, and says so", () => {
    const decision = takeoverOf({ answers }).decide({ force: true });
    expect(decision).toMatchObject({ step: "merge", beyondPromise: true, missing: [4] });
  });

  test("without disks it goes on by itself once everybody has answered", () => {
    expect(takeoverOf({ answers, inMemory: true }).decide().step).toBe("wait");
    const all = takeoverOf({ answers: { ...answers, 4: BLANK }, inMemory: true });
    expect(all.decide()).toMatchObject({ step: "merge", sources: [1], beyondPromise: true });
  });

  test("with disks it waits for them", () => {
    expect(takeoverOf({ answers: { ...answers, 4: BLANK } }).decide().step).toBe("wait");
  });
});

describe("takeover: answers in doubt", () => {
  const noted = (slot: number, memory: string) => ({
    notes: [{ slot, memory, epoch: 1, sequence: 1 }],
  });

  test("whoever is known with another memory is asked again, and does not count till then", () => {
    const takeover = takeoverOf({ answers: { 2: {} } });
    const again = takeover.promised(0, takeover.ask(0), { ...PLAIN, ...noted(2, "other") });
    expect(again).toEqual([2]);
    expect(takeover.decide()).toMatchObject({ step: "wait", counted: [0, 1], missing: [2, 3, 4] });
    const number = takeover.ask(2);
    expect(takeover.promised(2, number, { ...PLAIN, memory: "m2" })).toEqual([]);
    expect(takeover.decide().step).toBe("merge");
  });

  test("so is one whose answer was under way when the note was heard", () => {
    const takeover = takeoverOf({ answers: {} });
    const early = takeover.ask(2);
    takeover.promised(0, takeover.ask(0), { ...PLAIN, ...noted(2, "other") });
    expect(takeover.promised(2, early, { ...PLAIN, memory: "m2" })).toEqual([2]);
  });

  test("a note of the memory that has answered casts no doubt", () => {
    const answers = { 2: {}, 0: noted(2, "m2") };
    expect(takeoverOf({ answers }).decide().step).toBe("merge");
  });

  test("the same note heard twice asks once", () => {
    const takeover = takeoverOf({ answers: { 2: {}, 0: noted(2, "other") } });
    takeover.promised(2, takeover.ask(2), { ...PLAIN, memory: "m2" });
    const again = takeover.promised(3, takeover.ask(3), { ...PLAIN, ...noted(2, "other") });
    expect(again).toEqual([]);
  });

  test("an answer to an earlier ask changes nothing", () => {
    const takeover = takeoverOf({ answers: {} });
    const first = takeover.ask(0);
    takeover.ask(0);
    takeover.promised(0, first, PLAIN);
    expect(takeover.decide()).toMatchObject({ counted: [1] });
  });

  test("what is forgotten counts no more, and its late answers neither", () => {
    const takeover = takeoverOf({ answers: { 2: {} } });
    const number = takeover.ask(2);
    takeover.forget(2);
    takeover.promised(2, number, PLAIN);
    expect(takeover.answerOf(2)).toBeUndefined();
    expect(takeover.decide()).toMatchObject({ counted: [1], missing: [0, 2, 3, 4] });
  });

  test("a blank member in doubt has not answered either", () => {
    const answers = { 0: {}, 2: BLANK, 3: { ...BLANK, memory: "3" }, 4: noted(2, "newest") };
    const takeover = takeoverOf({ own: BLANK, answers });
    expect(takeover.decide()).toMatchObject({ step: "wait", missing: [2] });
  });
});
