import { describe, expect, test } from "bun:test";
import { Admissions } from "../../../src/core/admission.ts";

/** Slot 0 leads six members with a quorum of 3: C = 4. */
function admissions(options: { founded?: boolean } = {}): Admissions {
  return new Admissions({
    slot: 0,
    members: [0, 1, 2, 3, 4, 5],
    epoch: 5,
    founded: options.founded ?? false,
  });
}

const WRITES = 3;

function note(
  leader: Admissions,
  subject: { slot: number; memory: string },
  by: { noted?: number[]; blank?: number[] },
): void {
  for (const other of by.noted ?? []) {
    leader.noted({ ...subject, by: other, blank: false });
  }
  for (const other of by.blank ?? []) {
    leader.noted({ ...subject, by: other, blank: true });
  }
}

describe("admission: a blank node", () => {
  const subject = { slot: 2, memory: "new" };

  test("is admitted once C nodes have noted its memory, the leader included (N=6, W=3)", () => {
    const leader = admissions();
    leader.begin(2, "new");
    note(leader, subject, { noted: [3, 4] });
    expect(leader.take(WRITES)).toEqual([]);
    note(leader, subject, { noted: [5] });
    const admitted = { ...subject, because: "noted", unheard: [1] } as const;
    expect(leader.take(WRITES)).toEqual([admitted]);
    expect(leader.has(2, "new")).toBeTrue();
  });

  test("or once every node has answered, blank or not", () => {
    const leader = admissions();
    leader.begin(2, "new");
    note(leader, subject, { noted: [3], blank: [4, 5] });
    expect(leader.take(WRITES)).toEqual([]);
    note(leader, subject, { blank: [1] });
    expect(leader.take(WRITES)).toMatchObject([{ because: "noted", unheard: [] }]);
  });

  test("who answers twice counts once", () => {
    const leader = admissions();
    leader.begin(2, "new");
    note(leader, subject, { noted: [3, 3, 3], blank: [3, 4, 4] });
    note(leader, subject, { noted: [4] });
    note(leader, subject, { blank: [4, 5] });
    expect(leader.take(WRITES)).toEqual([]);
  });

  test("does not speak for itself", () => {
    const leader = admissions();
    leader.begin(2, "new");
    note(leader, subject, { noted: [2, 3, 4] });
    expect(leader.take(WRITES)).toEqual([]);
  });

  test("needs the copies of the quorum that holds when it is counted", () => {
    const leader = admissions();
    leader.begin(2, "new");
    note(leader, subject, { noted: [3, 4, 5] });
    expect(leader.take(4)).toEqual([]);
    expect(leader.take(3)).toHaveLength(1);
  });

  test("that comes with another memory begins again, and answers for the old one are void", () => {
    const leader = admissions();
    const first = leader.begin(2, "old");
    const second = leader.begin(2, "new");
    expect([first?.sequence, second?.sequence]).toEqual([1, 2]);
    note(leader, { slot: 2, memory: "old" }, { noted: [3, 4, 5] });
    expect(leader.take(WRITES)).toEqual([]);
    expect(leader.begin(2, "old")).toBeUndefined();
  });

  test("that connects again with the same memory goes on where it was", () => {
    const leader = admissions();
    leader.begin(2, "new");
    note(leader, subject, { noted: [3, 4, 5] });
    leader.left(2);
    expect(leader.take(WRITES)).toEqual([]);
    expect(leader.begin(2, "new")).toMatchObject({ epoch: 5, sequence: 1 });
    expect(leader.take(WRITES)).toHaveLength(1);
    expect(leader.take(WRITES)).toEqual([]);
  });

  test("is to be noted by whoever has not, the subject excepted", () => {
    const leader = admissions();
    leader.begin(2, "new");
    note(leader, subject, { noted: [3], blank: [4] });
    const wanted = [1, 2, 3, 4, 5].filter((slot) => leader.wanted(slot).length > 0);
    expect(wanted).toEqual([1, 4, 5]);
  });
});

describe("admission: the founder of a group", () => {
  test("admits the first memory of each slot, and no second one without notes", () => {
    const leader = admissions({ founded: true });
    leader.begin(2, "first");
    expect(leader.take(WRITES)).toMatchObject([{ memory: "first", because: "first" }]);
    leader.begin(2, "second");
    expect(leader.take(WRITES)).toEqual([]);
  });
});

describe("admission: more blank nodes than the promise covers (N=6, W=3)", () => {
  function blankAtOnce(count: number): Admissions {
    const leader = admissions();
    for (let slot = 1; slot <= count; slot++) {
      leader.begin(slot, `new ${slot}`);
    }
    return leader;
  }

  test("are admitted without notes once they have shown to be blank at the same time", () => {
    const leader = blankAtOnce(4);
    expect(leader.take(WRITES)).toEqual([]);
    note(leader, { slot: 4, memory: "new 4" }, { blank: [1, 2, 3] });
    const admitted = leader.take(WRITES);
    expect(admitted.map(({ slot, because }) => [slot, because])).toEqual([
      [1, "loss"],
      [2, "loss"],
      [3, "loss"],
      [4, "loss"],
    ]);
  });

  test("those that are not more wait for notes", () => {
    const leader = blankAtOnce(3);
    note(leader, { slot: 3, memory: "new 3" }, { blank: [1, 2] });
    expect(leader.take(WRITES)).toEqual([]);
  });

  test("one that was blank once and may follow another by now does not count", () => {
    const leader = blankAtOnce(4);
    note(leader, { slot: 4, memory: "new 4" }, { blank: [2, 3] });
    expect(leader.take(WRITES)).toEqual([]);
  });

  test("one that has been synced in between does not count, nor one that has left", () => {
    const synced = blankAtOnce(4);
    synced.synced(1, "new 1");
    note(synced, { slot: 4, memory: "new 4" }, { blank: [1, 2, 3] });
    expect(synced.take(WRITES)).toEqual([]);
    const left = blankAtOnce(4);
    left.left(1);
    note(left, { slot: 4, memory: "new 4" }, { blank: [1, 2, 3] });
    expect(left.take(WRITES)).toEqual([]);
  });
});
