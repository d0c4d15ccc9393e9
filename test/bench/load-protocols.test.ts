/** Each protocol's bytes: what is asked, and answers however the network cuts them. */
import { describe, expect, test } from "bun:test";
import { type Answer, type Dialogue, SERVED } from "../../bench/load/protocol.ts";
import { etcdGrpc } from "../../bench/load/protocols/etcd-grpc.ts";
import {
  etcdGateway,
  KVNODE,
  REPORT_000,
  REPORT_002,
} from "../../bench/load/protocols/http-json.ts";
import {
  FLAG,
  FRAME,
  frame,
  settings,
  windowUpdate,
} from "../../bench/load/protocols/http2-frames.ts";
import { redis } from "../../bench/load/protocols/redis.ts";

const PUT = { kind: "put", key: "key-1", value: "abc" } as const;
const GET = { kind: "get", key: "key-1" } as const;

/** What the dialogue makes of an answer that comes in these pieces. */
function feedAll(dialogue: Dialogue, pieces: readonly Buffer[]): (Answer | undefined)[] {
  return pieces.map((piece) => dialogue.feed(piece));
}

/** Expects the answer with the last byte and nothing before, cut anywhere and byte by byte. */
function expectAnswer(begin: () => Dialogue, bytes: Buffer, expected: Answer): void {
  expect(begin().feed(bytes)).toEqual(expected);
  for (let at = 1; at < bytes.length; at++) {
    const halves = [bytes.subarray(0, at), bytes.subarray(at)];
    expect(feedAll(begin(), halves)).toEqual([undefined, expected]);
  }
  const each = Array.from(bytes, (byte) => Buffer.from([byte]));
  expect(feedAll(begin(), each).filter((answer) => answer !== undefined)).toEqual([expected]);
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
const failed = (failure: Answer["failure"], body: string): Answer => {
  return { status: 0, body, last: false, failure };
};

describe("Redis", () => {
  const protocol = redis({ replicas: 3, waitMs: 4000 });
  const asked = (operation: typeof PUT | typeof GET) => () => {
    const dialogue = protocol.dialogue();
    dialogue.prepare?.(protocol.encode(operation));
    return dialogue;
  };

  test("is asked to set and to wait in one write", () => {
    expect(text(protocol.encode(PUT))).toBe(
      "*3\r\n$3\r\nSET\r\n$5\r\nkey-1\r\n$3\r\nabc\r\n" +
        "*3\r\n$4\r\nWAIT\r\n$1\r\n3\r\n$4\r\n4000\r\n",
    );
    expect(text(protocol.encode(GET))).toBe("*2\r\n$3\r\nGET\r\n$5\r\nkey-1\r\n");
  });

  test("has served a write when both replies are there and enough replicas have it", () => {
    expectAnswer(asked(PUT), Buffer.from("+OK\r\n:3\r\n"), SERVED);
    expectAnswer(asked(PUT), Buffer.from("+OK\r\n:12\r\n"), SERVED);
  });

  test("fell short where fewer replicas have it", () => {
    const short = failed("short", "WAIT counted 2 of 3 replicas");
    expectAnswer(asked(PUT), Buffer.from("+OK\r\n:2\r\n"), short);
  });

  test("is wrong where it refuses, and says why", () => {
    const reply = Buffer.from("-READONLY You can't write\r\n:0\r\n");
    expectAnswer(asked(PUT), reply, failed("wrong", "READONLY You can't write"));
  });

  test("answers a read with the value, or is wrong where the key is absent", () => {
    expectAnswer(asked(GET), Buffer.from("$6\r\nab\r\ncd\r\n"), SERVED);
    expectAnswer(asked(GET), Buffer.from("$-1\r\n"), failed("wrong", "the key is absent"));
  });

  test("throws at what is not of Redis", () => {
    expect(() => asked(GET)().feed(Buffer.from("HTTP/1.1 400\r\n"))).toThrow("not of Redis");
    expect(() => asked(GET)().feed(Buffer.from("+OK\r\n+OK\r\n"))).toThrow("nobody asked for");
  });

  test("without replicas sends no WAIT and takes one reply", () => {
    const alone = redis({ replicas: 0, waitMs: 4000 });
    expect(text(alone.encode(PUT))).not.toContain("WAIT");
    const dialogue = alone.dialogue();
    dialogue.prepare?.(alone.encode(PUT));
    expect(dialogue.feed(Buffer.from("+OK\r\n"))).toEqual(SERVED);
  });
});

describe("the servers with JSON", () => {
  const table = [
    { name: "kvnode", protocol: KVNODE, put: "PUT /kv/key-1", get: "GET /kv/key-1" },
    { name: "report 000", protocol: REPORT_000, put: "POST /set", get: "GET /get/key-1" },
    { name: "report 002", protocol: REPORT_002, put: "PUT /put/key-1", get: "GET /get/key-1" },
  ];
  const bodies = ['{"value":"abc"}', '{"key":"key-1","value":"abc"}', '{"value":"abc"}'];

  for (const [index, { name, protocol, put, get }] of table.entries()) {
    test(`${name}: is asked in its own words, and only 200 has served`, () => {
      const request = text(protocol.encode(PUT));
      expect(request).toStartWith(`${put} HTTP/1.1\r\n`);
      expect(request).toEndWith(`\r\n\r\n${bodies[index]}`);
      expect(text(protocol.encode(GET))).toStartWith(`${get} HTTP/1.1\r\n`);
      const served = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
      expectAnswer(() => protocol.dialogue(), served, SERVED);
      const refused = Buffer.from("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy");
      const wrong = { status: 503, body: "busy", last: false, failure: "wrong" } as const;
      expectAnswer(() => protocol.dialogue(), refused, wrong);
    });
  }

  test("a server of HTTP/1.0 closes after its answer", () => {
    const answer = Buffer.from("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    expect(KVNODE.dialogue().feed(answer)?.last).toBe(true);
    const kept = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n";
    expect(KVNODE.dialogue().feed(Buffer.from(kept))?.last).toBe(false);
  });

  test("etcd's gateway: a range that found nothing is wrong, a put needs no more than 200", () => {
    const protocol = etcdGateway({ serializable: true });
    const empty = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"header":{}}');
    const answerTo = (operation: typeof PUT | typeof GET) => {
      const dialogue = protocol.dialogue();
      dialogue.prepare?.(protocol.encode(operation));
      return dialogue.feed(empty)?.failure;
    };
    expect(text(protocol.encode(PUT))).toEndWith('{"key":"a2V5LTE=","value":"YWJj"}');
    expect(text(protocol.encode(GET))).toEndWith('{"key":"a2V5LTE=","serializable":true}');
    expect(answerTo(PUT)).toBeUndefined();
    expect(answerTo(GET)).toBe("wrong");
  });
});

describe("etcd over gRPC", () => {
  const protocol = etcdGrpc({ serializable: false });
  const asked = (operation: typeof PUT | typeof GET) => () => {
    const dialogue = protocol.dialogue();
    dialogue.prepare?.(protocol.encode(operation));
    return dialogue;
  };
  const header = Buffer.from([0x0a, 4, 1, 2, 3, 4]);
  const message = (...parts: Buffer[]) => {
    const body = Buffer.concat(parts);
    return Buffer.concat([Buffer.from([0, 0, 0, 0, body.length]), body]);
  };
  /** Of the first request, which is stream 3: stream 1 is the greeting. */
  const answer = (body: Buffer, stream = 3) =>
    Buffer.concat([
      frame(FRAME.headers, FLAG.endHeaders, stream, Buffer.from([0x88])),
      frame(FRAME.data, FLAG.none, stream, body.subarray(0, 5)),
      frame(FRAME.data, FLAG.none, stream, body.subarray(5)),
      frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, stream, Buffer.from([0x80])),
    ]);
  const found = Buffer.from([0x12, 2, 9, 9]);

  test("has served when the call ends behind a message", () => {
    expectAnswer(asked(PUT), answer(message(header)), SERVED);
    expectAnswer(asked(GET), answer(message(header, found)), SERVED);
  });

  test("is wrong where nothing was found, or the call ends without a message", () => {
    const absent = failed("wrong", "the key is absent");
    expectAnswer(asked(GET), answer(message(header)), absent);
    const ended = failed("wrong", "etcd ended the call without an answer");
    const trailers = frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 3, Buffer.from([0x88]));
    expectAnswer(asked(PUT), trailers, ended);
    expectAnswer(asked(PUT), frame(FRAME.reset, FLAG.none, 3, Buffer.alloc(4)), ended);
  });

  test("does not find in one answer what stood in the one before", () => {
    const dialogue = asked(GET)();
    expect(dialogue.feed(answer(message(header, found)))).toEqual(SERVED);
    dialogue.prepare?.(protocol.encode(GET));
    expect(dialogue.feed(answer(message(header), 5))?.failure).toBe("wrong");
  });

  test("passes over the greeting's answer and what the server says of itself", () => {
    const said = Buffer.concat([
      settings([3, 250]),
      windowUpdate(0, 1000),
      answer(message(header), 1),
      answer(message(header)),
    ]);
    expectAnswer(asked(PUT), said, SERVED);
  });

  test("acknowledges settings at once, and a ping in front of the next request", () => {
    const request = protocol.encode(PUT);
    const dialogue = protocol.dialogue();
    const first = Buffer.from(dialogue.prepare?.(request) ?? []);
    dialogue.feed(settings([3, 250]));
    const acknowledged = frame(FRAME.settings, FLAG.acknowledged, 0, Buffer.alloc(0));
    expect(text(dialogue.takeOutgoing?.() ?? Buffer.alloc(0))).toBe(text(acknowledged));
    dialogue.feed(frame(FRAME.ping, FLAG.none, 0, Buffer.from("12345678")));
    expect(dialogue.takeOutgoing?.()).toBeUndefined();
    const second = Buffer.from(dialogue.prepare?.(request) ?? []);
    const ping = frame(FRAME.ping, FLAG.acknowledged, 0, Buffer.from("12345678"));
    expect(text(second.subarray(0, ping.length))).toBe(text(ping));
    expect(second.length).toBe(first.length + ping.length);
    // Head, then type and flags, then the stream: 3 for the first and 5 for the second call.
    expect(first.readUInt32BE(5)).toBe(3);
    expect(second.readUInt32BE(ping.length + 5)).toBe(5);
    expect(Buffer.from(dialogue.prepare?.(request) ?? []).readUInt32BE(5)).toBe(7);
  });

  test("sends no more than the server's windows take, and the rest when they open", () => {
    const large = protocol.encode({ ...PUT, value: "x".repeat(100_000) });
    const dialogue = protocol.dialogue();
    const sent = [Buffer.from(dialogue.prepare?.(large) ?? [])];
    const dataBytes = () => sent.reduce((sum, bytes) => sum + dataBytesIn(bytes), 0);
    expect(dataBytes()).toBe(3 * 16_384);
    dialogue.feed(windowUpdate(0, 60_000));
    expect(dialogue.takeOutgoing?.()).toBeUndefined();
    for (const _ of [1, 2]) {
      dialogue.feed(windowUpdate(3, 30_000));
      sent.push(Buffer.from(dialogue.takeOutgoing?.() ?? []));
    }
    const body = 100_000 + "key-1".length + 2 + 4 + 5;
    expect(dataBytes()).toBe(body);
    const streams = sent.flatMap(framesIn).map(({ stream }) => stream);
    expect(new Set(streams)).toEqual(new Set([3]));
    expect(sent.flatMap(framesIn).at(-1)?.flags).toBe(FLAG.endStream);
  });

  test("throws at what is not HTTP/2", () => {
    expect(() => asked(PUT)().feed(Buffer.from("HTTP/1.1 400 Bad Request\r\n"))).toThrow("HTTP/2");
  });
});

function framesIn(bytes: Buffer): { type: number; flags: number; stream: number; bytes: number }[] {
  const frames = [];
  for (let at = 0; at < bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    const [, , , type = 0, flags = 0] = bytes.subarray(at);
    frames.push({
      type,
      flags,
      stream: bytes.readUInt32BE(at + 5),
      bytes: bytes.readUIntBE(at, 3),
    });
  }
  return frames;
}

function dataBytesIn(bytes: Buffer): number {
  const data = framesIn(bytes).filter(({ type }) => type === FRAME.data);
  return data.reduce((sum, frame) => sum + frame.bytes, 0);
}
