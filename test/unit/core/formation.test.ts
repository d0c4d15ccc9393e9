/** When a leader without memory may begin a new group. */
import { describe, expect, test } from "bun:test";
import { type Answer, decideFormation } from "../../../src/core/formation.ts";

const N: Answer = "none";
const B: Answer = "blank";
const R: Answer = "remembers";

describe("a leader without memory", () => {
  const table: readonly [string, Answer[], { writeQuorum: number; patient: boolean }, string][] = [
    ["starts when all are blank", [B, B, B], { writeQuorum: 2, patient: true }, "start"],
    [
      "waits for the others while it is patient",
      [B, B, N],
      { writeQuorum: 2, patient: true },
      "wait",
    ],
    [
      "starts with the quorum when its patience is over",
      [B, B, N],
      { writeQuorum: 2, patient: false },
      "start",
    ],
    [
      "waits for the quorum however long it takes",
      [B, N, N],
      { writeQuorum: 2, patient: false },
      "wait",
    ],
    [
      "waits for everybody at the highest quorum",
      [B, B, N],
      { writeQuorum: 3, patient: false },
      "wait",
    ],
    [
      "stays when one remembers, though enough are blank",
      [B, B, R],
      { writeQuorum: 1, patient: false },
      "stay",
    ],
    [
      "stays when one remembers and the others are silent",
      [N, R, N],
      { writeQuorum: 0, patient: false },
      "stay",
    ],
    [
      "starts alone at quorum 0 when its patience is over",
      [N, N],
      { writeQuorum: 0, patient: false },
      "start",
    ],
    ["is patient at quorum 0 too", [N, B], { writeQuorum: 0, patient: true }, "wait"],
    ["starts at once without followers", [], { writeQuorum: 0, patient: true }, "start"],
  ];

  test.each(table)("%s", (_, answers, how, step) => {
    expect(decideFormation({ answers, ...how }).step).toBe(step as never);
  });

  test("names those that remember", () => {
    const decided = decideFormation({ answers: [B, R, N, R], writeQuorum: 1, patient: true });
    expect(decided).toEqual({ step: "stay", remembering: [1, 3] });
  });

  test("counts those that are there while it waits", () => {
    const decided = decideFormation({ answers: [B, N, B, N], writeQuorum: 3, patient: false });
    expect(decided).toEqual({ step: "wait", connected: 2 });
  });
});
