/**
 * Messages as bytes. A frame is the protocol version, the message's kind, then its fields in order;
 * numbers are little-endian, texts UTF-8 behind their length.
 *
 * A frame may come from anybody who can reach the port: whatever its bytes, decoding gives a
 * message that is in order or throws a FrameError. The version comes first, so that a node of
 * another version is told apart whatever it says next.
 */
import type {
  AskMessage,
  FencedMessage,
  FetchedMessage,
  FetchMessage,
  GroupMessage,
  HereMessage,
  LeadMessage,
  NotedMessage,
  NoteMessage,
  PeerMessage,
  PromiseMessage,
} from "../node/messages.ts";
import { ByteReader, FrameError } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import {
  readBuilding,
  readEntries,
  readFacts,
  readIdentity,
  readNotes,
  readPage,
  readSaid,
  readTexts,
  writeBuilding,
  writeEntries,
  writeFacts,
  writeIdentity,
  writeNotes,
  writePage,
  writeSaid,
  writeTexts,
} from "./frame-parts.ts";

/** Nodes of another protocol version can't read each other. */
export const PROTOCOL_VERSION = 3;

/** A kind's position is its byte on the wire: append only. */
const KINDS = [
  "hello",
  "refuse",
  "inquire",
  "lead",
  "here",
  "ask",
  "promise",
  "fenced",
  "fetch",
  "fetched",
  "note",
  "noted",
  "entries",
  "page",
  "compare",
  "compared",
  "news",
  "acknowledge",
  "ping",
  "pong",
  "leave",
] as const satisfies readonly PeerMessage["type"][];

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
      return;
    case "refuse":
      to.text(message.reason);
      return;
    case "ping":
      return;
    case "pong":
      to.count(message.receivedBytes);
      return;
    case "leave":
      to.uint32(message.group);
      return;
    default:
      to.uint32(message.group);
      writeGroupMessage(to, message);
  }
}

function writeGroupMessage(to: ByteWriter, message: GroupMessage): void {
  if (message.type === "inquire") {
    to.count(message.copy);
    to.count(message.generation);
    return;
  }
  to.epoch(message.epoch);
  switch (message.type) {
    case "entries":
      to.count(message.commitWatermark);
      writeEntries(to, message.entries);
      return;
    case "acknowledge":
      to.count(message.receivedBytes);
      writeSaid(to, message.said);
      return;
    case "page":
      writePage(to, message.page);
      writeNotes(to, message.notes);
      return;
    case "news":
      to.count(message.sequence);
      to.count(message.commitWatermark);
      to.count(message.stableWatermark);
      to.count(message.beat);
      return;
    case "compare":
      to.count(message.from);
      writeTexts(to, message.keys);
      return;
    case "compared":
      to.count(message.from);
      to.count(message.upTo);
      writeEntries(to, message.entries);
      writeTexts(to, message.absent);
      return;
    default:
      writeTakeoverMessage(to, message);
  }
}

type TakeoverMessage =
  | LeadMessage
  | HereMessage
  | AskMessage
  | PromiseMessage
  | FencedMessage
  | FetchMessage
  | FetchedMessage
  | NoteMessage
  | NotedMessage;

function writeTakeoverMessage(to: ByteWriter, message: TakeoverMessage): void {
  switch (message.type) {
    case "lead":
      writeIdentity(to, message.identity);
      to.uint32(message.slot);
      to.count(message.copy);
      to.count(message.vouched);
      to.epoch(message.severed);
      return;
    case "here":
      to.count(message.copy);
      to.flag(message.identity !== undefined);
      if (message.identity !== undefined) {
        writeIdentity(to, message.identity);
      }
      to.epoch(message.promised);
      writeFacts(to, message.facts);
      writeBuilding(to, message.building);
      to.text(message.leader);
      return;
    case "ask":
      writeIdentity(to, message.identity);
      to.uint32(message.slot);
      to.count(message.copy);
      to.count(message.number);
      to.uint32(message.candidate);
      to.text(message.memory);
      to.flag(message.blank);
      return;
    case "promise":
      to.count(message.number);
      writeFacts(to, message.facts);
      return;
    case "fenced":
      to.epoch(message.promised);
      return;
    case "fetch":
      to.count(message.above);
      return;
    case "fetched":
      to.text(message.memory);
      to.count(message.above);
      to.count(message.upTo);
      to.flag(message.last);
      writeEntries(to, message.entries);
      return;
    case "note":
      to.count(message.sequence);
      to.uint32(message.slot);
      to.text(message.memory);
      return;
    case "noted":
      to.uint32(message.slot);
      to.text(message.memory);
      to.flag(message.blank);
      return;
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
        cluster: from.name(),
        instance: from.name(),
        node: from.name(),
        address: from.name(),
      };
    case "refuse":
      return { type, reason: from.name() };
    case "ping":
      return { type };
    case "pong":
      return { type, receivedBytes: from.count() };
    case "leave":
      return { type, group: from.uint32() };
    case "inquire":
      return { type, group: from.uint32(), copy: from.count(), generation: from.count() };
    default:
      return readGroupMessage(from, type, from.uint32());
  }
}

type Kind = Exclude<GroupMessage["type"], "inquire">;

function readGroupMessage(from: ByteReader, type: Kind, group: number): PeerMessage {
  const epoch = from.epoch();
  switch (type) {
    case "entries":
      return { type, group, epoch, commitWatermark: from.count(), entries: readEntries(from) };
    case "acknowledge":
      return { type, group, epoch, receivedBytes: from.count(), said: readSaid(from) };
    case "page":
      return { type, group, epoch, page: readPage(from), notes: readNotes(from) };
    case "news":
      return {
        type,
        group,
        epoch,
        sequence: from.count(),
        commitWatermark: from.count(),
        stableWatermark: from.count(),
        beat: from.count(),
      };
    case "compare":
      return { type, group, epoch, from: from.count(), keys: readTexts(from) };
    case "compared":
      return {
        type,
        group,
        epoch,
        from: from.count(),
        upTo: from.count(),
        entries: readEntries(from),
        absent: readTexts(from),
      };
    default:
      return readTakeoverMessage(from, type, { group, epoch });
  }
}

function readTakeoverMessage(
  from: ByteReader,
  type: TakeoverMessage["type"],
  scope: { readonly group: number; readonly epoch: number },
): TakeoverMessage {
  switch (type) {
    case "lead":
      return {
        type,
        ...scope,
        identity: readIdentity(from),
        slot: from.uint32(),
        copy: from.count(),
        vouched: from.count(),
        severed: from.epoch(),
      };
    case "here":
      return {
        type,
        ...scope,
        copy: from.count(),
        identity: from.flag() ? readIdentity(from) : undefined,
        promised: from.epoch(),
        facts: readFacts(from),
        building: readBuilding(from),
        leader: from.name(),
      };
    case "ask":
      return {
        type,
        ...scope,
        identity: readIdentity(from),
        slot: from.uint32(),
        copy: from.count(),
        number: from.count(),
        candidate: from.uint32(),
        memory: from.name(),
        blank: from.flag(),
      };
    case "promise":
      return { type, ...scope, number: from.count(), facts: readFacts(from) };
    case "fenced":
      return { type, ...scope, promised: from.epoch() };
    case "fetch":
      return { type, ...scope, above: from.count() };
    case "fetched":
      return {
        type,
        ...scope,
        memory: from.name(),
        above: from.count(),
        upTo: from.count(),
        last: from.flag(),
        entries: readEntries(from),
      };
    case "note":
      return {
        type,
        ...scope,
        sequence: from.count(),
        slot: from.uint32(),
        memory: from.name(),
      };
    case "noted":
      return {
        type,
        ...scope,
        slot: from.uint32(),
        memory: from.name(),
        blank: from.flag(),
      };
  }
}
