/**
 * WebSockets as bytes, for what no proper library sends: both ends of the handshake, frames with
 * any bits set, and just enough of a parser to see what a node says.
 */
import { createHash } from "node:crypto";

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Any key will do: the nodes' answer to it is not checked. */
const CLIENT_KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const HEAD_END = "\r\n\r\n";

/** A client's request to turn the connection into a link. */
export function openingRequest(path = "/peer"): Buffer {
  return Buffer.from(
    `GET ${path} HTTP/1.1\r\nHost: node\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${CLIENT_KEY}\r\nSec-WebSocket-Version: 13${HEAD_END}`,
  );
}

/** A server's answer to the request in `head`. */
export function openingAnswer(head: string): Buffer {
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? "";
  const accept = createHash("sha1")
    .update(key + ACCEPT_GUID)
    .digest("base64");
  return Buffer.from(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accept}${HEAD_END}`,
  );
}

/** One WebSocket frame; everything beside the payload may be a lie. */
export interface WireFrame {
  readonly opcode: number;
  readonly payload: Uint8Array;
  /** Not the last of its message. */
  readonly unfinished?: boolean;
  /** The three reserved bits, 0 … 7. */
  readonly reserved?: number;
  /** Bytes that it says to have, where that is not the payload's length. */
  readonly claimedBytes?: bigint;
}

/** A client must mask its frames, a server must not. */
export function frameBytes(frame: WireFrame, masked: boolean): Buffer {
  const { opcode, payload, unfinished = false, reserved = 0 } = frame;
  const length = frame.claimedBytes ?? BigInt(payload.length);
  const first = (unfinished ? 0 : 0x80) | (reserved << 4) | opcode;
  const maskBit = masked ? 0x80 : 0;
  let head: Buffer;
  if (length < 126n) {
    head = Buffer.of(first, maskBit | Number(length));
  } else if (length < 65_536n) {
    head = Buffer.alloc(4);
    head[0] = first;
    head[1] = maskBit | 126;
    head.writeUInt16BE(Number(length), 2);
  } else {
    head = Buffer.alloc(10);
    head[0] = first;
    head[1] = maskBit | 127;
    head.writeBigUInt64BE(BigInt.asUintN(64, length), 2);
  }
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([head, Buffer.alloc(masked ? 4 : 0), payload]);
}

/** Takes a connection's bytes apart into the head of the handshake and then frames. */
export class WireParser {
  readonly #handlers: {
    head(head: string): void;
    frame(opcode: number, payload: Buffer): void;
  };
  #rest: Buffer = Buffer.alloc(0);
  #opened = false;

  constructor(handlers: {
    head(head: string): void;
    frame(opcode: number, payload: Buffer): void;
  }) {
    this.#handlers = handlers;
  }

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.#opened) {
      const end = this.#rest.indexOf(HEAD_END);
      if (end < 0) return;
      this.#opened = true;
      const head = this.#rest.toString("latin1", 0, end);
      this.#rest = this.#rest.subarray(end + HEAD_END.length);
      this.#handlers.head(head);
    }
    while (this.#takeFrame()) {
      // Every whole frame that is there.
    }
  }

  #takeFrame(): boolean {
    const bytes = this.#rest;
    if (bytes.length < 2) return false;
    const short = (bytes[1] as number) & 0x7f;
    const masked = ((bytes[1] as number) & 0x80) !== 0;
    const lengthEnd = short === 126 ? 4 : short === 127 ? 10 : 2;
    const start = lengthEnd + (masked ? 4 : 0);
    if (bytes.length < start) return false;
    let length = short;
    if (short === 126) length = bytes.readUInt16BE(2);
    if (short === 127) length = Number(bytes.readBigUInt64BE(2));
    if (bytes.length < start + length) return false;
    const payload = Buffer.from(bytes.subarray(start, start + length));
    if (masked) unmask(payload, bytes.subarray(lengthEnd, start));
    this.#rest = bytes.subarray(start + length);
    this.#handlers.frame((bytes[0] as number) & 0x0f, payload);
    return true;
  }
}

function unmask(payload: Buffer, mask: Buffer): void {
  for (let at = 0; at < payload.length; at++) {
    payload[at] = (payload[at] as number) ^ (mask[at & 3] as number);
  }
}
