/** What several kinds of frame have in common, as bytes; frames.ts says how a frame is made. */
import type { Entry } from "../core/entry.ts";
import type { GroupIdentity, Note } from "../core/group-record.ts";
import type { Building } from "../core/holding.ts";
import type { Acknowledgement, CatchUpPage } from "../core/leader.ts";
import { NO_VALUE, PackedEntry, type PackedTexts } from "../core/packed-entry.ts";
import { QUORUM_KEY } from "../core/quorum-entry.ts";
import type { PromiseAnswer } from "../core/takeover.ts";
import { type ByteReader, FrameError } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";

const LONGEST_KEY_UNITS = 1_024;
const KEY_TOO_LONG = "a key that is too long";
/**
 * The fewest bytes that an entry takes: a list that claims more than its bytes can hold is a lie.
 */
const SMALLEST_ENTRY_BYTES = 21;
const SMALLEST_TEXT_BYTES = 4;
const SMALLEST_NOTE_BYTES = 24;
const COUNT_BYTES = 8;

export function writeEntries(to: ByteWriter, entries: readonly Entry[]): void {
  to.uint32(entries.length);
  for (const entry of entries) {
    to.epoch(entry.epoch);
    to.count(entry.sequence);
    to.text(entry.key);
    if (entry.value === undefined) {
      to.byte(0);
    } else {
      to.byte(1);
      to.text(entry.value);
    }
  }
}

export function readEntries(from: ByteReader): Entry[] {
  const entries: Entry[] = [];
  for (let left = readLength(from, SMALLEST_ENTRY_BYTES); left > 0; left--) {
    const epoch = from.epoch();
    const sequence = from.count();
    const entry = new PackedEntry(readEntryTexts(from), epoch, sequence);
    const { keyLength } = entry;
    if (keyLength > LONGEST_KEY_UNITS && entry.key.length > LONGEST_KEY_UNITS) {
      throw new FrameError(KEY_TOO_LONG);
    }
    if (keyLength === QUORUM_KEY.length && !isQuorum(entry.value)) {
      throw new FrameError("a quorum that is none");
    }
    entries.push(entry);
  }
  return entries;
}

function readEntryTexts(from: ByteReader): PackedTexts {
  const keyLength = from.uint32();
  const keyStart = from.skipText(keyLength);
  const hasValue = from.flag();
  const valueLength = hasValue ? from.uint32() : NO_VALUE;
  const valueStart = hasValue ? from.skipText(valueLength) : 0;
  return { bytes: from.bytes, keyStart, keyLength, valueStart, valueLength };
}

/** Keys, or other short texts. */
export function writeTexts(to: ByteWriter, texts: readonly string[]): void {
  to.uint32(texts.length);
  for (const text of texts) {
    to.text(text);
  }
}

export function readTexts(from: ByteReader): string[] {
  const texts: string[] = [];
  for (let left = readLength(from, SMALLEST_TEXT_BYTES); left > 0; left--) {
    texts.push(readKey(from));
  }
  return texts;
}

export function writeIdentity(to: ByteWriter, identity: GroupIdentity): void {
  to.text(identity.life);
  writeTexts(to, identity.members);
  to.uint32(identity.firstQuorum);
}

export function readIdentity(from: ByteReader): GroupIdentity {
  const life = from.name();
  const members = readTexts(from);
  const firstQuorum = from.uint32();
  if (firstQuorum >= Math.max(1, members.length)) {
    throw new FrameError("a quorum beyond its group");
  }
  return { life, members, firstQuorum };
}

export function writeNotes(to: ByteWriter, notes: readonly Note[]): void {
  to.uint32(notes.length);
  for (const { slot, memory, epoch, sequence } of notes) {
    to.uint32(slot);
    to.text(memory);
    to.epoch(epoch);
    to.count(sequence);
  }
}

export function readNotes(from: ByteReader): Note[] {
  const notes: Note[] = [];
  for (let left = readLength(from, SMALLEST_NOTE_BYTES); left > 0; left--) {
    notes.push({
      slot: from.uint32(),
      memory: from.name(),
      epoch: from.epoch(),
      sequence: from.count(),
    });
  }
  return notes;
}

export function writeFacts(to: ByteWriter, facts: PromiseAnswer): void {
  to.flag(facts.blank);
  to.text(facts.memory);
  to.epoch(facts.before);
  to.epoch(facts.led);
  to.epoch(facts.synced);
  to.count(facts.watermark);
  to.count(facts.commitWatermark);
  to.count(facts.sequence);
  to.epoch(facts.severed);
  to.uint32(facts.quorum.writes);
  to.uint32(facts.quorum.takeovers);
  to.uint32(facts.quorum.target);
  writeNotes(to, facts.notes);
}

export function readFacts(from: ByteReader): PromiseAnswer {
  return {
    blank: from.flag(),
    memory: from.name(),
    before: from.epoch(),
    led: from.epoch(),
    synced: from.epoch(),
    watermark: from.count(),
    commitWatermark: from.count(),
    sequence: from.count(),
    severed: from.epoch(),
    quorum: { writes: from.uint32(), takeovers: from.uint32(), target: from.uint32() },
    notes: readNotes(from),
  };
}

export function writeBuilding(to: ByteWriter, building: Building | undefined): void {
  to.flag(building !== undefined);
  if (building !== undefined) {
    to.epoch(building.epoch);
    to.count(building.watermark);
    to.count(building.pagedTo);
  }
}

export function readBuilding(from: ByteReader): Building | undefined {
  return from.flag()
    ? { epoch: from.epoch(), watermark: from.count(), pagedTo: from.count() }
    : undefined;
}

export function writePage(to: ByteWriter, page: CatchUpPage): void {
  to.count(page.from);
  to.count(page.upTo);
  to.count(page.needs);
  to.flag(page.reset);
  to.flag(page.last);
  writeEntries(to, page.entries);
}

export function readPage(from: ByteReader): CatchUpPage {
  return {
    from: from.count(),
    upTo: from.count(),
    needs: from.count(),
    reset: from.flag(),
    last: from.flag(),
    entries: readEntries(from),
  };
}

export function writeSaid(to: ByteWriter, said: Acknowledgement): void {
  to.flag(said.synced);
  to.count(said.watermark);
  to.count(said.pagedTo);
  to.count(said.beat);
  to.uint32(said.above.length);
  for (const sequence of said.above) {
    to.count(sequence);
  }
}

export function readSaid(from: ByteReader): Acknowledgement {
  const synced = from.flag();
  const watermark = from.count();
  const pagedTo = from.count();
  const beat = from.count();
  const above: number[] = [];
  for (let left = readLength(from, COUNT_BYTES); left > 0; left--) {
    above.push(from.count());
  }
  return { synced, watermark, pagedTo, beat, above };
}

/** Nobody may have to read a quorum that is none: it is read wherever a node says what it knows. */
function isQuorum(value: string | undefined): boolean {
  const match = /^\{"writes":(\d{1,2}),"takeovers":(\d{1,2}),"target":(\d{1,2})\}$/.exec(
    value ?? "",
  );
  return match !== null && Number(match[2]) <= Number(match[1]);
}

/** How many follow; more than the frame's bytes can hold is a lie. */
function readLength(from: ByteReader, bytesEach: number): number {
  const length = from.uint32();
  if (length * bytesEach > from.left) {
    throw new FrameError("cut off");
  }
  return length;
}

/** An empty one is the quorum's, see core/quorum-entry.ts. */
function readKey(from: ByteReader): string {
  const key = from.text();
  if (key.length > LONGEST_KEY_UNITS) {
    throw new FrameError(KEY_TOO_LONG);
  }
  return key;
}
