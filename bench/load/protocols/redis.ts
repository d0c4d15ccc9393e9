/**
 * Redis (RESP 2). A write is SET and WAIT in one write to the socket, so that it costs one round
 * trip as elsewhere; it is served when the SET is done and WAIT counted enough replicas.
 * (https://redis.io/docs/latest/develop/reference/protocol-spec)
 */
import {
  type Answer,
  type Dialogue,
  type Operation,
  type Protocol,
  ProtocolError,
  SERVED,
} from "../protocol.ts";

export interface RedisOptions {
  /** How many replicas WAIT asks for; 0 sends no WAIT. */
  readonly replicas: number;
  /** How long WAIT waits for them. */
  readonly waitMs: number;
}

const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;
const PLUS = 43;
const MINUS = 45;
const COLON = 58;
const DOLLAR = 36;
/** Of `*3…` (SET) and `*2…` (GET): which command a request begins with. */
const DIGIT_THREE = 51;

/** See the file's head. */
export function redis(options: RedisOptions): Protocol {
  const wait =
    options.replicas === 0 ? "" : toCommand("WAIT", `${options.replicas}`, `${options.waitMs}`);
  return {
    encode(operation: Operation) {
      if (operation.kind === "get") return Buffer.from(toCommand("GET", operation.key));
      return Buffer.from(toCommand("SET", operation.key, operation.value) + wait);
    },
    dialogue: () => new RedisDialogue(options.replicas),
  };
}

function toCommand(...words: string[]): string {
  const bulks = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${words.length}\r\n${bulks.join("")}`;
}

class RedisDialogue implements Dialogue {
  readonly #replicas: number;
  #rest: Buffer | undefined;
  /** Bytes of a reply of known length, whose rest is not worth a look before. */
  #needBytes = 0;
  /** Replies that belong to the request under way and have not come. */
  #missing = 0;
  /** The first reply that says no. */
  #failed: Answer | undefined;

  constructor(replicas: number) {
    this.#replicas = replicas;
  }

  prepare(request: Uint8Array): Uint8Array {
    this.#missing = request[1] === DIGIT_THREE && this.#replicas > 0 ? 2 : 1;
    this.#failed = undefined;
    return request;
  }

  feed(chunk: Buffer): Answer | undefined {
    const rest = this.#rest;
    const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    this.#rest = undefined;
    let from = 0;
    while (from < bytes.length) {
      const end = bytes.length < this.#needBytes ? -1 : this.#takeReply(bytes, from);
      if (end < 0) {
        this.#rest = from === 0 ? bytes : bytes.subarray(from);
        this.#needBytes = Math.max(0, this.#needBytes - from);
        return undefined;
      }
      this.#needBytes = 0;
      from = end;
      this.#missing -= 1;
      if (this.#missing < 0) throw new ProtocolError("a reply that nobody asked for");
    }
    return this.#missing === 0 ? (this.#failed ?? SERVED) : undefined;
  }

  /** Where the reply at `from` ends; -1 while it is not whole. */
  #takeReply(bytes: Buffer, from: number): number {
    const lineEnd = lineEndOf(bytes, from);
    if (lineEnd < 0) return -1;
    switch (bytes[from]) {
      case PLUS:
        break;
      case COLON:
        this.#judgeCount(toNumber(bytes, from + 1, lineEnd));
        break;
      case DOLLAR:
        return this.#takeBulk(bytes, from, lineEnd);
      case MINUS:
        this.#fail("wrong", bytes.toString("utf8", from + 1, lineEnd));
        break;
      default:
        throw new ProtocolError("the reply is not of Redis");
    }
    return lineEnd + 2;
  }

  #takeBulk(bytes: Buffer, from: number, lineEnd: number): number {
    if (bytes[from + 1] === MINUS) {
      this.#fail("wrong", "the key is absent");
      return lineEnd + 2;
    }
    const end = lineEnd + 2 + toNumber(bytes, from + 1, lineEnd) + 2;
    if (end <= bytes.length) return end;
    this.#needBytes = end;
    return -1;
  }

  #judgeCount(replicas: number): void {
    if (replicas >= this.#replicas) return;
    this.#fail("short", `WAIT counted ${replicas} of ${this.#replicas} replicas`);
  }

  #fail(failure: "short" | "wrong", body: string): void {
    this.#failed ??= { status: 0, body, last: false, failure };
  }
}

/** Where the carriage return stands whose line feed has come too; -1 without one. */
function lineEndOf(bytes: Buffer, from: number): number {
  let at = from + 1;
  while (at + 1 < bytes.length) {
    if (bytes[at] === CARRIAGE_RETURN && bytes[at + 1] === LINE_FEED) return at;
    at++;
  }
  return -1;
}

function toNumber(bytes: Buffer, from: number, end: number): number {
  let value = 0;
  for (let at = from; at < end; at++) value = value * 10 + (bytes[at] ?? 0) - 48;
  return value;
}
