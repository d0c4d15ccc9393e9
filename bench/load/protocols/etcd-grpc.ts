/**
 * etcd over gRPC: unary calls of KV/Put and KV/Range, one at a time on a connection, over HTTP/2
 * without TLS. Answers' headers are not decoded: a message is an answer, a call that ends without
 * one was refused. (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md)
 *
 * A request's bytes are made once, and what differs from call to call is stamped into them: the
 * stream's number, and in the room before them the acknowledgement of a ping, which etcd's server
 * sends with nearly every request in order to estimate the bandwidth. So it costs no write of its
 * own.
 */
import {
  type Answer,
  type Dialogue,
  type Operation,
  type Protocol,
  ProtocolError,
  SERVED,
} from "../protocol.ts";
import { foundSomething, toMessage } from "./etcd-messages.ts";
import * as http2 from "./http2-frames.ts";

const { FLAG, FRAME, FRAME_HEAD_BYTES } = http2;

const PING_BYTES = FRAME_HEAD_BYTES + 8;
const PING_ACKNOWLEDGED = http2.frame(FRAME.ping, FLAG.acknowledged, 0, Buffer.alloc(8));
const SETTINGS_ACKNOWLEDGED = http2.frame(FRAME.settings, FLAG.acknowledged, 0, Buffer.alloc(0));
/** Before each message: whether it is compressed, and its length. */
const PREFIX_BYTES = 5;
/** Of an answer's message: enough for what foundSomething looks at. */
const LOOKED_AT_BYTES = 128;
/** Given back to the server's window when so much has come. */
const WINDOW_BYTES_STEP = 2 ** 29;

const RANGE_PATH = "/etcdserverpb.KV/Range";
const PUT_PATH = "/etcdserverpb.KV/Put";

/** In HPACK's static table. */
const POST = http2.knownField(3);
const HTTP = http2.knownField(6);
const AUTHORITY_NAME = 1;
const PATH_NAME = 4;
const CONTENT_TYPE_NAME = 31;
/** What the first call on a connection has told its server, the newest first. */
const REMEMBERED = Buffer.concat([64, 63, 62].map(http2.knownField));

const FIRST_HEADERS = Buffer.concat([
  ...[POST, HTTP, http2.namedField(PATH_NAME, RANGE_PATH, "once")],
  http2.namedField(AUTHORITY_NAME, "127.0.0.1", "remembered"),
  http2.namedField(CONTENT_TYPE_NAME, "application/grpc", "remembered"),
  http2.field("te", "trailers", "remembered"),
]);

/** The preface, windows that never close, and a call whose headers the server remembers. */
const HELLO = Buffer.concat([
  http2.PREFACE,
  http2.settings(
    [http2.SETTING.enablePush, 0],
    [http2.SETTING.windowBytes, http2.WINDOW_BYTES_MAX],
  ),
  http2.windowUpdate(0, http2.WINDOW_BYTES_MAX - http2.WINDOW_BYTES_FIRST),
  http2.frame(FRAME.headers, FLAG.endHeaders, 1, FIRST_HEADERS),
  ...dataFrames(toMessage({ kind: "get", key: "hello" }, { serializable: true }), 1),
]);

/** See the file's head. */
export function etcdGrpc(options: { serializable: boolean }): Protocol {
  return {
    encode(operation: Operation) {
      const path = operation.kind === "get" ? RANGE_PATH : PUT_PATH;
      const fields = [POST, HTTP, http2.namedField(PATH_NAME, path, "once"), REMEMBERED];
      return Buffer.concat([
        PING_ACKNOWLEDGED,
        http2.frame(FRAME.headers, FLAG.endHeaders, 0, Buffer.concat(fields)),
        ...dataFrames(toMessage(operation, options), 0),
      ]);
    },
    dialogue: () => new GrpcDialogue(),
  };
}

function dataFrames(message: Buffer, stream: number): Buffer[] {
  const bytes = Buffer.alloc(PREFIX_BYTES + message.length);
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, PREFIX_BYTES);
  const frames: Buffer[] = [];
  for (let from = 0; from < bytes.length; from += http2.FRAME_BYTES_MAX) {
    const payload = bytes.subarray(from, from + http2.FRAME_BYTES_MAX);
    const last = from + http2.FRAME_BYTES_MAX >= bytes.length;
    frames.push(http2.frame(FRAME.data, last ? FLAG.endStream : FLAG.none, stream, payload));
  }
  return frames;
}

class GrpcDialogue implements Dialogue {
  readonly hello = HELLO;
  #stream = 1;
  #reads = false;
  #rest: Buffer | undefined;
  /** The beginning of the message that answers. */
  readonly #message = Buffer.alloc(LOOKED_AT_BYTES);
  #messageBytes = 0;
  #answer: Answer | undefined;
  /** The server ends the connection when it has answered. */
  #last = false;
  /** Payload of a ping to be acknowledged. */
  #ping: Buffer | undefined;
  #outgoing: Buffer[] = [];
  /** Bytes of data that the server takes now, on the connection and on this stream. */
  #connectionWindow = http2.WINDOW_BYTES_FIRST;
  #streamWindow = 0;
  #streamWindowFirst = http2.WINDOW_BYTES_FIRST;
  /** Frames of the request that the windows did not let through yet. */
  #held: Uint8Array | undefined;
  #receivedBytes = 0;

  prepare(request: Uint8Array): Uint8Array {
    this.#stream += 2;
    this.#messageBytes = 0;
    this.#streamWindow = this.#streamWindowFirst;
    // The path's letter, behind the frame's head, two fields, the name, the length and the service.
    this.#reads = request[PATH_LETTER_AT] === LETTER_R;
    const end = this.#stamp(request, PING_BYTES);
    if (end < request.length) this.#held = request.slice(end);
    const ping = this.#ping;
    this.#ping = undefined;
    if (ping === undefined) return request.subarray(PING_BYTES, end);
    request.set(ping, FRAME_HEAD_BYTES);
    return end === request.length ? request : request.subarray(0, end);
  }

  feed(chunk: Buffer): Answer | undefined {
    const rest = this.#rest;
    const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    this.#rest = undefined;
    this.#answer = undefined;
    let at = 0;
    while (at + FRAME_HEAD_BYTES <= bytes.length) {
      const payloadBytes = bytes.readUIntBE(at, 3);
      if (payloadBytes > http2.FRAME_BYTES_MAX) throw new ProtocolError("this is not HTTP/2");
      const end = at + FRAME_HEAD_BYTES + payloadBytes;
      if (end > bytes.length) break;
      this.#takeFrame(bytes, at, end);
      at = end;
    }
    if (at < bytes.length) this.#rest = at === 0 ? bytes : bytes.subarray(at);
    return this.#answer;
  }

  takeOutgoing(): Uint8Array | undefined {
    if (this.#held !== undefined) this.#release(this.#held);
    if (this.#outgoing.length === 0) return undefined;
    const outgoing = this.#outgoing;
    this.#outgoing = [];
    return Buffer.concat(outgoing);
  }

  /**
   * Writes the stream's number into the frames that the windows let through, and gives where those
   * end.
   */
  #stamp(frames: Uint8Array, from: number): number {
    let at = from;
    while (at < frames.length) {
      const payloadBytes = readLength(frames, at);
      if (frames[at + 3] === FRAME.data) {
        if (payloadBytes > Math.min(this.#connectionWindow, this.#streamWindow)) return at;
        this.#connectionWindow -= payloadBytes;
        this.#streamWindow -= payloadBytes;
      }
      frames[at + 5] = this.#stream >>> 24;
      frames[at + 6] = this.#stream >>> 16;
      frames[at + 7] = this.#stream >>> 8;
      frames[at + 8] = this.#stream;
      at += FRAME_HEAD_BYTES + payloadBytes;
    }
    return at;
  }

  #release(held: Uint8Array): void {
    const end = this.#stamp(held, 0);
    if (end > 0) this.#outgoing.push(Buffer.from(held.subarray(0, end)));
    this.#held = end === held.length ? undefined : held.subarray(end);
  }

  #takeFrame(bytes: Buffer, at: number, end: number): void {
    const type = bytes[at + 3];
    const flags = bytes[at + 4] ?? 0;
    const stream = bytes.readUInt32BE(at + 5);
    const from = at + FRAME_HEAD_BYTES;
    if (type === FRAME.data) this.#takeData(bytes.subarray(from, end), stream);
    else if (type === FRAME.ping && flags === 0) this.#takePing(bytes.subarray(from, end));
    else if (type === FRAME.settings && flags === 0) this.#takeSettings(bytes.subarray(from, end));
    else if (type === FRAME.windowUpdate) this.#widen(stream, bytes.readUInt32BE(from));
    else if (type === FRAME.goAway) this.#last = true;
    else if (type === FRAME.reset && stream === this.#stream) this.#finish();
    const ends = type === FRAME.data || type === FRAME.headers;
    if (ends && (flags & FLAG.endStream) !== 0 && stream === this.#stream) this.#finish();
  }

  #takeData(payload: Buffer, stream: number): void {
    this.#receivedBytes += payload.length;
    if (this.#receivedBytes > WINDOW_BYTES_STEP) {
      this.#outgoing.push(http2.windowUpdate(0, this.#receivedBytes));
      this.#receivedBytes = 0;
    }
    if (stream !== this.#stream || this.#messageBytes === LOOKED_AT_BYTES) return;
    this.#messageBytes += payload.copy(this.#message, this.#messageBytes);
  }

  #finish(): void {
    if (this.#messageBytes < PREFIX_BYTES) {
      this.#fail("etcd ended the call without an answer");
    } else if (this.#reads && !this.#hasFound()) {
      this.#fail("the key is absent");
    } else {
      this.#answer = this.#last ? { ...SERVED, last: true } : SERVED;
    }
  }

  #hasFound(): boolean {
    return foundSomething(this.#message.subarray(PREFIX_BYTES, this.#messageBytes));
  }

  #fail(body: string): void {
    this.#answer = { status: 0, body, last: this.#last, failure: "wrong" };
  }

  #takePing(payload: Buffer): void {
    if (this.#ping !== undefined) {
      this.#outgoing.push(http2.frame(FRAME.ping, FLAG.acknowledged, 0, this.#ping));
    }
    this.#ping = payload;
  }

  #takeSettings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== http2.SETTING.windowBytes) continue;
      const first = payload.readUInt32BE(at + 2);
      this.#streamWindow += first - this.#streamWindowFirst;
      this.#streamWindowFirst = first;
    }
    this.#outgoing.push(SETTINGS_ACKNOWLEDGED);
  }

  #widen(stream: number, bytes: number): void {
    if (stream === 0) this.#connectionWindow += bytes;
    else if (stream === this.#stream) this.#streamWindow += bytes;
  }
}

const LETTER_R = 82;
/** In a request: where the method's name begins, which is Put or Range. */
const PATH_LETTER_AT =
  PING_BYTES + FRAME_HEAD_BYTES + POST.length + HTTP.length + 2 + RANGE_PATH.lastIndexOf("R");

function readLength(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
}
