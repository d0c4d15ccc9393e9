/**
 * The least of HTTP/1.1 that a load driver needs of an answer: its status, its body, and whether
 * the connection goes on. A library's parser would make a headers object for every answer, and the
 * driver shares its two cores with the nodes that it measures.
 *
 * Answers may come in any pieces: one in several reads, several in one read. Bytes that do not make
 * a whole answer yet are kept and joined with the next read; what is whole is parsed in place.
 */
import { ProtocolError } from "./protocol.ts";

const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;
const COLON = 58;
const DIGIT_ZERO = 48;
/** Of the second number in `HTTP/1.1`. */
const MINOR_VERSION_AT = 7;
const NAME_LENGTH = "content-length";
const NAME_ENCODING = "transfer-encoding";
const NAME_CONNECTION = "connection";
const HEAD_END = Buffer.from("\r\n\r\n");
/** A head beyond this is no answer of a server that we want to measure. */
const HEAD_BYTES_MAX = 64 * 1024;

/** From here on the body says why, or who may be asked instead: it is kept in any case. */
const REFUSED_STATUS_FIRST = 400;

/** What a parser hands over, one call an answer, in order. */
export interface AnswerSink {
  /**
   * `body` is empty where bodies are not kept, but for a refusal; `last` says that the server
   * closes after it.
   */
  answer(status: number, body: string, last: boolean): void;
}

interface Head {
  status: number;
  /** Where the body starts. */
  bodyStart: number;
  /** Bytes of body; -1 chunked; -2 up to the end of the connection. */
  bodyBytes: number;
  last: boolean;
}

const CHUNKED = -1;
const UNTIL_CLOSE = -2;

/** Parses the answers of one connection; `push` throws a ProtocolError. */
export class ResponseParser {
  readonly #sink: AnswerSink;
  readonly #keepBodies: boolean;
  #rest: Buffer | undefined;
  /** The rest is not looked at again before it has grown to this; saves a quadratic search. */
  #needBytes = 0;
  readonly #head: Head = { status: 0, bodyStart: 0, bodyBytes: 0, last: false };

  constructor(sink: AnswerSink, options: { keepBodies: boolean }) {
    this.#sink = sink;
    this.#keepBodies = options.keepBodies;
  }

  /** Takes what one read brought and hands over every answer that is now whole. */
  push(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#rest !== undefined) {
      bytes = Buffer.concat([this.#rest, chunk]);
      this.#rest = undefined;
      if (bytes.length < this.#needBytes) {
        this.#rest = bytes;
        return;
      }
    }
    this.#needBytes = 0;
    let from = 0;
    while (from < bytes.length) {
      const end = this.#parseOne(bytes, from);
      if (end < 0) break;
      from = end;
    }
    if (from < bytes.length) {
      this.#rest = from === 0 ? bytes : bytes.subarray(from);
      this.#needBytes = Math.max(0, this.#needBytes - from);
    }
  }

  /** The connection has ended: an answer whose body goes up to the end is whole now. */
  end(): void {
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest === undefined || !this.#parseHead(rest, 0)) return;
    if (this.#head.bodyBytes !== UNTIL_CLOSE) return;
    this.#hand(rest, this.#head.bodyStart, rest.length, true);
  }

  /** Where the answer at `from` ends, after handing it over; -1 while it is not whole. */
  #parseOne(bytes: Buffer, from: number): number {
    if (!this.#parseHead(bytes, from)) {
      if (bytes.length - from > HEAD_BYTES_MAX)
        throw new ProtocolError("the answer's head has no end");
      return -1;
    }
    const { status, bodyStart, bodyBytes, last } = this.#head;
    // An interim answer (100 Continue) stands before the one that was asked for.
    if (status < 200) return bodyStart;
    if (bodyBytes === UNTIL_CLOSE) return -1;
    if (bodyBytes === CHUNKED) return this.#parseChunked(bytes, bodyStart, last);
    const end = bodyStart + bodyBytes;
    if (end > bytes.length) {
      this.#needBytes = end;
      return -1;
    }
    this.#hand(bytes, bodyStart, end, last);
    return end;
  }

  #hand(bytes: Buffer, start: number, end: number, last: boolean): void {
    const { status } = this.#head;
    const kept = this.#keepBodies || status >= REFUSED_STATUS_FIRST;
    const body = kept && end > start ? bytes.toString("utf8", start, end) : "";
    this.#sink.answer(status, body, last);
  }

  #parseHead(bytes: Buffer, from: number): boolean {
    const headEnd = bytes.indexOf(HEAD_END, from);
    if (headEnd < 0) return false;
    const head = this.#head;
    head.status = parseStatus(bytes, from);
    head.bodyStart = headEnd + HEAD_END.length;
    // HTTP/1.0 closes unless it says otherwise.
    head.last = bytes[from + MINOR_VERSION_AT] === DIGIT_ZERO;
    const empty = head.status < 200 || head.status === 204 || head.status === 304;
    let length = UNTIL_CLOSE;
    let at = skipLine(bytes, from, headEnd);
    while (at < headEnd) {
      const lineEnd = lineEndOf(bytes, at, headEnd);
      if (nameIs(bytes, at, NAME_LENGTH)) {
        if (length !== CHUNKED) length = parseDigits(bytes, at + NAME_LENGTH.length + 1, lineEnd);
      } else if (nameIs(bytes, at, NAME_ENCODING)) {
        if (headerValue(bytes, at, lineEnd).includes("chunked")) length = CHUNKED;
      } else if (nameIs(bytes, at, NAME_CONNECTION)) {
        head.last = !keepsAlive(headerValue(bytes, at, lineEnd), head.last);
      }
      at = lineEnd + 2;
    }
    head.bodyBytes = empty ? 0 : length;
    return true;
  }

  #parseChunked(bytes: Buffer, bodyStart: number, last: boolean): number {
    const pieces: Buffer[] = [];
    let at = bodyStart;
    for (;;) {
      const lineEnd = bytes.indexOf("\r\n", at, "latin1");
      if (lineEnd < 0) return -1;
      const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
      if (!Number.isFinite(size)) throw new ProtocolError("the answer's chunk has no size");
      const start = lineEnd + 2;
      if (size === 0) return this.#endChunked(bytes, { start, pieces, last });
      at = start + size + 2;
      if (at > bytes.length) {
        this.#needBytes = at;
        return -1;
      }
      if (this.#keepBodies || this.#head.status >= REFUSED_STATUS_FIRST) {
        pieces.push(bytes.subarray(start, start + size));
      }
    }
  }

  /** After the last chunk come trailers, which nobody here reads, and an empty line. */
  #endChunked(bytes: Buffer, body: { start: number; pieces: Buffer[]; last: boolean }): number {
    let at = body.start;
    for (;;) {
      const lineEnd = bytes.indexOf("\r\n", at, "latin1");
      if (lineEnd < 0) return -1;
      const emptyLine = lineEnd === at;
      at = lineEnd + 2;
      if (emptyLine) break;
    }
    const whole = Buffer.concat(body.pieces);
    this.#hand(whole, 0, whole.length, body.last);
    return at;
  }
}

/** The three digits behind `HTTP/1.1 `. */
function parseStatus(bytes: Buffer, from: number): number {
  const isHttp = bytes[from] === 72 && bytes[from + 1] === 84 && bytes[from + 4] === 47;
  const status = parseDigits(bytes, from + 9, from + 12);
  if (!isHttp || status < 100) throw new ProtocolError("the answer is not HTTP");
  return status;
}

function parseDigits(bytes: Buffer, from: number, end: number): number {
  let value = 0;
  for (let at = from; at < end; at++) {
    const digit = (bytes[at] ?? 0) - 48;
    if (digit >= 0 && digit <= 9) value = value * 10 + digit;
  }
  return value;
}

function lineEndOf(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && bytes[at] !== CARRIAGE_RETURN) at++;
  return at;
}

function skipLine(bytes: Buffer, from: number, end: number): number {
  const at = lineEndOf(bytes, from, end);
  return bytes[at + 1] === LINE_FEED ? at + 2 : end;
}

/** Whether the header at `at` has this name, given in lower case. */
function nameIs(bytes: Buffer, at: number, name: string): boolean {
  if (bytes[at + name.length] !== COLON) return false;
  for (let offset = 0; offset < name.length; offset++) {
    // In ASCII a letter's lower case is the letter with this bit; `-` has it already.
    if (((bytes[at + offset] ?? 0) | 32) !== name.charCodeAt(offset)) return false;
  }
  return true;
}

function headerValue(bytes: Buffer, at: number, lineEnd: number): string {
  return bytes.toString("latin1", bytes.indexOf(":", at) + 1, lineEnd).toLowerCase();
}

function keepsAlive(connection: string, closesByDefault: boolean): boolean {
  return closesByDefault ? connection.includes("keep-alive") : !connection.includes("close");
}
