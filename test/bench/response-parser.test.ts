import { describe, expect, test } from "bun:test";
import { ResponseParser } from "../../bench/load/response-parser.ts";

interface Seen {
  status: number;
  body: string;
  last: boolean;
}

function parse(pieces: readonly string[], options: { ended?: boolean } = {}): Seen[] {
  const seen: Seen[] = [];
  const sink = {
    answer: (status: number, body: string, last: boolean) => seen.push({ status, body, last }),
  };
  const parser = new ResponseParser(sink, { keepBodies: true });
  for (const piece of pieces) parser.push(Buffer.from(piece, "latin1"));
  if (options.ended) parser.end();
  return seen;
}

const PLAIN = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKED =
  "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n" +
  "3\r\nabc\r\nA;note=1\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";
const EMPTY = "HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n";
const CLOSING = "HTTP/1.1 503 Busy\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n";

const table: { name: string; bytes: string; expected: Seen[] }[] = [
  {
    name: "a content-length",
    bytes: PLAIN,
    expected: [{ status: 200, body: "hello", last: false }],
  },
  {
    name: "chunks with an extension and a trailer",
    bytes: CHUNKED,
    expected: [{ status: 201, body: "abc0123456789", last: false }],
  },
  { name: "no body at all", bytes: EMPTY, expected: [{ status: 204, body: "", last: false }] },
  {
    name: "a last answer",
    bytes: CLOSING,
    expected: [{ status: 503, body: "", last: true }],
  },
  {
    name: "an interim answer before the real one",
    bytes: `HTTP/1.1 100 Continue\r\n\r\n${PLAIN}`,
    expected: [{ status: 200, body: "hello", last: false }],
  },
  {
    name: "several answers of every kind",
    bytes: PLAIN + CHUNKED + EMPTY + PLAIN + CLOSING,
    expected: [
      { status: 200, body: "hello", last: false },
      { status: 201, body: "abc0123456789", last: false },
      { status: 204, body: "", last: false },
      { status: 200, body: "hello", last: false },
      { status: 503, body: "", last: true },
    ],
  },
];

describe("the driver's parser", () => {
  for (const { name, bytes, expected } of table) {
    test(`reads ${name} from one read`, () => {
      expect(parse([bytes])).toEqual(expected);
    });

    test(`reads ${name} from two reads, wherever they part`, () => {
      for (let at = 1; at < bytes.length; at++) {
        expect(parse([bytes.slice(0, at), bytes.slice(at)])).toEqual(expected);
      }
    });

    test(`reads ${name} byte by byte`, () => {
      expect(parse([...bytes])).toEqual(expected);
    });
  }

  test("ends a body without a length with its connection", () => {
    const pieces = ["HTTP/1.0 200 OK\r\n\r\nup to", " the end"];
    expect(parse(pieces)).toEqual([]);
    expect(parse(pieces, { ended: true })).toEqual([
      { status: 200, body: "up to the end", last: true },
    ]);
  });

  test("does not make an answer of one that was cut off", () => {
    expect(parse([PLAIN.slice(0, -1)], { ended: true })).toEqual([]);
  });

  test("throws at what is not HTTP", () => {
    expect(() => parse(["SSH-2.0-OpenSSH_9.2\r\n\r\n"])).toThrow("not HTTP");
    expect(() => parse([`HTTP/1.1 200 OK\r\nX: ${"x".repeat(70_000)}`])).toThrow("no end");
  });
});
