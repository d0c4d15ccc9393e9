import { describe, expect, test } from "bun:test";
import { blankRecord, type GroupRecord, type Note } from "../../../src/core/group-record.ts";
import { promise, see, withNotes } from "../../../src/core/promises.ts";

const RECORD: GroupRecord = { ...blankRecord("own"), promised: 3, before: 2, synced: 3 };

function note(epoch: number, sequence: number, memory = `${epoch}.${sequence}`): Note {
  return { slot: 4, memory, epoch, sequence };
}

describe("promises", () => {
  test("a higher epoch is promised, and what was promised before is kept", () => {
    expect(promise(RECORD, { epoch: 8 })).toEqual({ ...RECORD, promised: 8, before: 3 });
  });

  test("asked again for the same epoch it says the same", () => {
    const promised = promise(RECORD, { epoch: 8 }) as GroupRecord;
    expect(promise(promised, { epoch: 8 })).toEqual(promised);
  });

  test("a lower epoch is fenced", () => {
    expect(promise(RECORD, { epoch: 2 })).toBeUndefined();
  });

  test("an epoch seen before its ask does not hide whom it followed till then", () => {
    expect(promise(see(RECORD, 8), { epoch: 8 })).toMatchObject({ promised: 8, before: 3 });
  });

  test("an older or known epoch seen changes nothing", () => {
    expect(see(RECORD, 3)).toBe(RECORD);
    expect(see(RECORD, 1)).toBe(RECORD);
  });

  test("a blank candidate's memory is noted with the promise", () => {
    const promised = promise(RECORD, { epoch: 8.5, blank: { slot: 4, memory: "new" } });
    expect(promised?.notes).toEqual([{ slot: 4, memory: "new", epoch: 8.5, sequence: 0 }]);
  });
});

describe("notes", () => {
  test.each([
    ["a newer admission of the same leader replaces an older one", note(5, 1), note(5, 2), "5.2"],
    ["a later leader's replaces an earlier one's", note(5, 9), note(6, 1), "6.1"],
    ["an older one that comes late changes nothing", note(6, 1), note(5, 9), "6.1"],
  ])("%s", (_, first, second, kept) => {
    const notes = withNotes(withNotes(RECORD, [first]), [second]).notes;
    expect(notes.map(({ memory }) => memory)).toEqual([kept]);
  });

  test("each slot has its own", () => {
    const both = withNotes(RECORD, [note(5, 1), { ...note(5, 2), slot: 0 }]);
    expect(both.notes.map(({ slot }) => slot)).toEqual([0, 4]);
  });

  test("what is known already leaves the record as it is, so that nothing is stored", () => {
    const noted = withNotes(RECORD, [note(5, 1)]);
    expect(withNotes(noted, [note(5, 1), note(4, 1)])).toBe(noted);
  });

  test("a blank node notes nothing", () => {
    const blank = blankRecord("own");
    expect(withNotes(blank, [note(5, 1)])).toBe(blank);
  });
});
