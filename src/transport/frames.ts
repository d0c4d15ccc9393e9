/**
 * Messages as bytes. A frame is the protocol version, the message's kind, then its fields in order;
 * numbers are little-endian, texts UTF-8 behind their length.
 *
 * A frame may come from anybody who can reach the port: whatever its bytes, decoding gives a
 * message that is in order or throws a FrameError. The version comes first, so that a node of
 * another version is told apart whatever it says next.
 */
import type { Entry } from "../core/entry.ts";
import type { PeerMessage } from "../node/messages.ts";
import { ByteReader, FrameError } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";

/** Nodes of another protocol version can't read each other. */
const PROTOCOL_VERSION = 1;

/** A kind's position is its byte on the wire: append only. */
const KINDS = [
  "hello",
  "refuse",
  "lead",
  "here",
  "entries",
  "page",
  "news",
  "acknowledge",
] as const satisfies readonly PeerMessage["type"][];

const ROLES = ["leader", "follower"] as const;
const LONGEST_KEY_UNITS = 1_024;
/**
 * The fewest bytes that an entry takes: a list that claims more than its bytes can hold is a lie.
 */
const SMALLEST_ENTRY_BYTES = 21;

/** Encodes one message; remembers the last, since a leader sends the same one to many links. */
export class FrameEncoder {
  readonly #writer = new ByteWriter();
  #lastMessage: PeerMessage | undefined;
  #lastFrame = new Uint8Array();

  encode(message: PeerMessage): Uint8Array<ArrayBuffer> {
    if (message !== this.#lastMessage) {
      writeMessage(this.#writer, message);
      this.#lastFrame = this.#writer.take();
      this.#lastMessage = message;
    }
    return this.#lastFrame;
  }
}

/** Throws FrameError where the bytes are not a frame of this protocol version. */
export function decodeFrame(bytes: Uint8Array): PeerMessage {
  const reader = new ByteReader(bytes);
  const version = reader.byte();
  if (version !== PROTOCOL_VERSION) {
    throw new FrameError(`protocol version ${version}, this node speaks ${PROTOCOL_VERSION}`);
  }
  const message = readMessage(reader);
  reader.end();
  return message;
}

function writeMessage(to: ByteWriter, message: PeerMessage): void {
  to.byte(PROTOCOL_VERSION);
  to.byte(KINDS.indexOf(message.type));
  switch (message.type) {
    case "hello":
      to.text(message.cluster);
      to.text(message.instance);
      to.text(message.node);
      to.text(message.address);
      to.byte(ROLES.indexOf(message.role));
      return;
    case "refuse":
      to.text(message.reason);
      return;
    case "lead":
      writeScope(to, message);
      to.text(message.life);
      to.uint32(message.writeQuorum);
      return;
    case "here":
      writeScope(to, message);
      to.byte(Number(message.blank));
      to.count(message.standing.epoch);
      to.text(message.standing.life);
      to.byte(Number(message.standing.synced));
      to.count(message.standing.watermark);
      to.count(message.standing.pagedTo);
      return;
    case "entries":
      writeScope(to, message);
      to.count(message.commitWatermark);
      writeEntries(to, message.entries);
      return;
    case "page":
      writeScope(to, message);
      to.text(message.life);
      to.count(message.page.upTo);
      to.count(message.page.needs);
      to.byte(Number(message.page.reset));
      to.byte(Number(message.page.last));
      writeEntries(to, message.page.entries);
      return;
    case "news":
      writeScope(to, message);
      to.count(message.sequence);
      to.count(message.commitWatermark);
      to.count(message.stableWatermark);
      to.uint32(message.writeQuorum);
      to.count(message.beat);
      return;
    case "acknowledge":
      writeScope(to, message);
      to.count(message.receivedBytes);
      to.byte(Number(message.said.synced));
      to.count(message.said.watermark);
      to.count(message.said.pagedTo);
      to.count(message.said.beat);
      to.uint32(message.said.above.length);
      for (const sequence of message.said.above) {
        to.count(sequence);
      }
  }
}

function readMessage(from: ByteReader): PeerMessage {
  const type = KINDS[from.byte()];
  if (type === undefined) {
    throw new FrameError("of a kind that this node does not know");
  }
  switch (type) {
    case "hello":
      return {
        type,
        cluster: from.text(),
        instance: from.text(),
        node: from.text(),
        address: from.text(),
        role: readRole(from),
      };
    case "refuse":
      return { type, reason: from.text() };
    case "lead":
      return {
        type,
        group: from.uint32(),
        epoch: from.count(),
        life: from.text(),
        writeQuorum: from.uint32(),
      };
    case "here":
      return {
        type,
        group: from.uint32(),
        epoch: from.count(),
        blank: from.flag(),
        standing: readStanding(from),
      };
    case "entries":
      return {
        type,
        group: from.uint32(),
        epoch: from.count(),
        commitWatermark: from.count(),
        entries: readEntries(from),
      };
    case "page":
      return {
        type,
        group: from.uint32(),
        epoch: from.count(),
        life: from.text(),
        page: readPage(from),
      };
    case "news":
      return {
        type,
        group: from.uint32(),
        epoch: from.count(),
        sequence: from.count(),
        commitWatermark: from.count(),
        stableWatermark: from.count(),
        writeQuorum: from.uint32(),
        beat: from.count(),
      };
    case "acknowledge":
      return {
        type,
        group: from.uint32(),
        epoch: from.count(),
        receivedBytes: from.count(),
        said: readSaid(from),
      };
  }
}

function writeScope(to: ByteWriter, scope: { group: number; epoch: number }): void {
  to.uint32(scope.group);
  to.count(scope.epoch);
}

function readRole(from: ByteReader): (typeof ROLES)[number] {
  const role = ROLES[from.byte()];
  if (role === undefined) {
    throw new FrameError("a role that this node does not know");
  }
  return role;
}

function readStanding(from: ByteReader) {
  return {
    epoch: from.count(),
    life: from.text(),
    synced: from.flag(),
    watermark: from.count(),
    pagedTo: from.count(),
  };
}

function readPage(from: ByteReader) {
  const upTo = from.count();
  const needs = from.count();
  const reset = from.flag();
  const last = from.flag();
  return { upTo, needs, reset, last, entries: readEntries(from) };
}

function readSaid(from: ByteReader) {
  const said = {
    synced: from.flag(),
    watermark: from.count(),
    pagedTo: from.count(),
    beat: from.count(),
    above: [] as number[],
  };
  const aboveCount = from.uint32();
  if (aboveCount * 8 > from.left) {
    throw new FrameError("cut off");
  }
  for (let index = 0; index < aboveCount; index++) {
    said.above.push(from.count());
  }
  return said;
}

function writeEntries(to: ByteWriter, entries: readonly Entry[]): void {
  to.uint32(entries.length);
  for (const entry of entries) {
    to.count(entry.epoch);
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

function readEntries(from: ByteReader): Entry[] {
  const count = from.uint32();
  if (count * SMALLEST_ENTRY_BYTES > from.left) {
    throw new FrameError("cut off");
  }
  const entries: Entry[] = [];
  for (let index = 0; index < count; index++) {
    const epoch = from.count();
    const sequence = from.count();
    const key = from.text();
    if (key.length === 0 || key.length > LONGEST_KEY_UNITS) {
      throw new FrameError("a key that is empty or too long");
    }
    entries.push({ key, value: from.flag() ? from.text() : undefined, epoch, sequence });
  }
  return entries;
}
