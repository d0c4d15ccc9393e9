/** How long a turn goes on that clients' writes gather in. */
import { beforeEach, describe, expect, test } from "bun:test";
import { silentLogger } from "../../../src/base/log.ts";
import { Journal, type Participant } from "../../../src/node/journal.ts";
import { createMemoryStorage } from "../../../src/storage/memory.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

let clock: VirtualClock;
let journal: Journal;
/** In which pass of the event loop each turn ended. */
let ends: number[];
let pass: number;
const participant: Participant = {
  takeChanges: () => {
    ends.push(pass);
    return [];
  },
  persisted: () => {},
  storageFailed: () => {},
};

beforeEach(() => {
  clock = new VirtualClock();
  journal = new Journal({
    storage: createMemoryStorage(),
    network: {},
    clock,
    logger: silentLogger,
  });
  ends = [];
  pass = 0;
});

/** Lets passes of the event loop go by; in each of the first `bringing` ones a write comes. */
async function passes(count: number, bringing: number): Promise<void> {
  for (pass = 1; pass <= count; pass++) {
    if (pass <= bringing) journal.gather(participant);
    let over = false;
    clock.endOfTurn(() => {
      over = true;
    });
    await clock.runUntil(() => over, 0);
  }
}

describe("a turn that clients' writes gather in", () => {
  test("ends with the first pass of the event loop that brings none", async () => {
    await passes(6, 1);
    expect(ends).toEqual([2]);
  });

  test("ends after three passes, however many more write", async () => {
    await passes(7, 6);
    expect(ends).toEqual([3, 6]);
  });

  test("ends nothing for a node that has stopped meanwhile", async () => {
    journal.gather(participant);
    journal.stop();
    await passes(4, 0);
    expect(ends).toEqual([]);
  });
});

test("a turn of anything else ends with the pass that it began in", async () => {
  journal.schedule(participant);
  await passes(3, 0);
  expect(ends).toEqual([1]);
});

test("what is brought while a turn ends goes into the next one", async () => {
  const again: Participant = {
    ...participant,
    takeChanges: () => {
      if (ends.length < 2) journal.gather(again);
      return participant.takeChanges();
    },
  };
  journal.gather(again);
  await passes(8, 0);
  expect(ends).toEqual([2, 4, 6]);
});
