/** The WebSocket network on real servers, and what only it can be sent. */
import { afterAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import type { AcceptLink } from "../../../src/node/network.ts";
import { FrameEncoder } from "../../../src/transport/frames.ts";
import {
  createPeerSockets,
  createWebSocketNetwork,
  FRAME_BYTES_MAX,
  type LinkMeter,
  PEER_PATH,
  type PeerSocketData,
} from "../../../src/transport/web-socket-network.ts";
import { rawServer } from "../../fuzz/raw-server.ts";
import { openingAnswer, openingRequest } from "../../fuzz/web-socket-bytes.ts";
import { freePort } from "../../support/free-port.ts";
import { waitUntil } from "../../support/wait-until.ts";
import { describeNetwork, RecordingEnd } from "./network-contract.ts";

function serve(accept: AcceptLink, meter?: LinkMeter) {
  const peers = createPeerSockets(accept, meter);
  return Bun.serve<PeerSocketData>({
    hostname: "127.0.0.1",
    port: 0,
    websocket: peers.handlers,
    fetch: (request, server) =>
      peers.upgrade(request, server) ? undefined : new Response("no link", { status: 400 }),
  });
}

describeNetwork("WebSockets", async (accept) => {
  const server = serve(accept);
  return {
    network: createWebSocketNetwork(),
    address: `http://127.0.0.1:${server.port}`,
    nowhere: `http://127.0.0.1:${freePort()}`,
    stop: () => server.stop(true),
  };
});

test("what one end sends is what the other receives, byte for byte, also together", async () => {
  const far = new CountingMeter();
  const near = new CountingMeter();
  const accepted = new RecordingEnd();
  const server = serve((link) => {
    accepted.link = link;
    return accepted;
  }, far);
  const end = new RecordingEnd();
  const network = createWebSocketNetwork(near);
  network.connect(`http://127.0.0.1:${server.port}`, end);
  await waitUntil(() => end.opens === 1, { what: "the link to open" });
  end.link?.send({ type: "ping" });
  network.together?.(() => {
    for (let group = 0; group < 3; group++) end.link?.send({ type: "leave", group });
  });
  await waitUntil(() => accepted.messages.length === 4, { what: "all messages" });
  accepted.link?.send({ type: "pong", receivedBytes: 1 });
  await waitUntil(() => end.messages.length === 1, { what: "the answer" });
  expect(near.sentBytes).toBeGreaterThan(0);
  expect(near.sentBytes).toBe(far.receivedBytes);
  expect(near.receivedBytes).toBe(far.sentBytes);
  await server.stop(true);
});

class CountingMeter implements LinkMeter {
  sentBytes = 0;
  receivedBytes = 0;

  sent(bytes: number): void {
    this.sentBytes += bytes;
  }

  received(bytes: number): void {
    this.receivedBytes += bytes;
  }
}

test("what is said together to one node leaves as one message, and at once", async () => {
  const lengths: number[] = [];
  const server = Bun.serve({
    ...{ hostname: "127.0.0.1", port: 0 },
    fetch: (request, self) => (self.upgrade(request) ? undefined : new Response("no link")),
    websocket: { message: (_, data) => void lengths.push(data.length) },
  });
  const network = createWebSocketNetwork();
  const end = new RecordingEnd();
  network.connect(`http://127.0.0.1:${server.port}`, end);
  await waitUntil(() => end.opens === 1, { what: "the link to open" });
  let bytes = 0;
  network.together?.(() => {
    for (let group = 0; group < 10; group++) {
      bytes += end.link?.send({ type: "leave", group }) ?? 0;
    }
  });
  const alone = end.link?.send({ type: "ping" }) ?? 0;
  await waitUntil(() => lengths.length === 2, { what: "both messages" });
  expect(lengths).toEqual([2 + 10 * 4 + bytes, alone]);
  await server.stop(true);
});

describe("a peer that sends rubbish", () => {
  const visitors: RecordingEnd[] = [];
  const server = serve((link) => {
    const visitor = new RecordingEnd();
    visitor.link = link;
    visitors.push(visitor);
    return visitor;
  });
  afterAll(() => server.stop(true));

  /** A client of no manners; gives how it was told to go. */
  async function send(rubbish: string | Uint8Array): Promise<CloseEvent> {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${PEER_PATH}`);
    return new Promise((resolve) => {
      socket.onclose = resolve;
      socket.onopen = () => socket.send(rubbish);
    });
  }

  const wrongVersion = new FrameEncoder().encode({ type: "refuse", reason: "" }).slice();
  wrongVersion[0] = 9;
  test.each([
    ["a text", "hello", "unreadable frame: a text where bytes were expected"],
    ["no byte", new Uint8Array(), "unreadable frame: cut off"],
    ["bytes", Uint8Array.of(3, 99), "unreadable frame: of a kind that this node does not know"],
    [
      "a frame of another version",
      wrongVersion,
      "unreadable frame: protocol version 9, this node speaks 3",
    ],
  ])("is told why the link closes: %s", async (_, rubbish, reason) => {
    const before = visitors.length;
    const closed = await send(rubbish);
    expect({ code: closed.code, reason: closed.reason }).toEqual({ code: 1002, reason });
    expect(visitors.slice(before)).toMatchObject([{ messages: [], closes: [reason] }]);
  });
});

describe("a link to what is not a node", () => {
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("hello") });
  afterAll(async () => {
    silent.stop(true);
    await other.stop(true);
  });

  test("is closed and never opened when an HTTP server answers", async () => {
    const near = new RecordingEnd();
    createWebSocketNetwork().connect(`http://127.0.0.1:${other.port}`, near);
    await waitUntil(() => near.closes.length > 0, { what: "the link to be closed" });
    expect(near).toMatchObject({ opens: 0, spokenAfterClose: false });
    expect(near.closes.length).toBe(1);
  });

  test("can be written to and closed while nobody answers", () => {
    const near = new RecordingEnd();
    const link = createWebSocketNetwork().connect(`http://127.0.0.1:${silent.port}`, near);
    expect(link.send({ type: "refuse", reason: "hello" })).toBe(0);
    link.close("nobody answers");
    expect(near).toMatchObject({ opens: 0, closes: ["nobody answers"] });
  });
});

describe("a server that answers the greeting with rubbish", () => {
  const OPENED = (head: string) => openingAnswer(head).toString("latin1");
  test.each([
    ["no HTTP", () => "hello\r\n\r\n"],
    ["bytes", () => "\0\xff\xfe\r\n\r\n"],
    ["half an answer", () => "HTTP/1.1 101 Switch"],
    ["another status", () => "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"],
    ["a redirect", () => "HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1:1/\r\n\r\n"],
    ["no accept", () => "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"],
    ["another accept", (head: string) => OPENED(head).replace(/Accept: .*\r/, "Accept: x\r")],
    ["a header without end", () => `HTTP/1.1 101 X\r\nX: ${"y".repeat(200_000)}`],
    ["an extension", (head: string) => OPENED(head).replace("\r\n\r\n", `\r\n${DEFLATE}\r\n\r\n`)],
  ])("is left: %s", async (_, answer) => {
    const server = await rawServer((socket, head) => {
      socket.end(Buffer.from(answer(head), "latin1"));
    });
    const near = new RecordingEnd();
    createWebSocketNetwork().connect(`http://127.0.0.1:${server.port}`, near);
    await waitUntil(() => near.closes.length > 0, { what: "the link to be closed" });
    expect(near).toMatchObject({ messages: [], spokenAfterClose: false });
    expect(near.closes.length).toBe(1);
    server.stop();
  });

  test("is not asked for compression, in which a gigabyte fits into a megabyte", async () => {
    const heads: string[] = [];
    const server = await rawServer((socket, head) => {
      heads.push(head);
      socket.end(openingAnswer(head));
    });
    const near = new RecordingEnd();
    createWebSocketNetwork().connect(`http://127.0.0.1:${server.port}`, near);
    await waitUntil(() => near.closes.length > 0, { what: "the link to be closed" });
    expect(heads.length).toBe(1);
    expect(heads[0]?.toLowerCase()).not.toContain("sec-websocket-extensions");
    server.stop();
  });
});

describe("a peer that never reads", () => {
  test("is closed before anything is dropped without a word", async () => {
    const visitors: RecordingEnd[] = [];
    const server = serve((link) => {
      const visitor = new RecordingEnd();
      visitor.link = link;
      visitors.push(visitor);
      return visitor;
    });
    const deaf = connect(Number(server.port), "127.0.0.1", () => deaf.write(openingRequest()));
    deaf.on("error", () => {});
    deaf.pause();
    const visitor = await waitUntil(() => visitors[0], { what: "the link to be there" });
    const reason = "x".repeat(32 * 1024 * 1024);
    let frames = 0;
    while (visitor.closes.length === 0 && frames < 20) {
      visitor.link?.send({ type: "refuse", reason });
      frames += 1;
      await Bun.sleep(0);
    }
    expect(visitor.closes.length).toBe(1);
    expect(frames * reason.length).toBeLessThanOrEqual(FRAME_BYTES_MAX + 3 * reason.length);
    deaf.destroy();
    await server.stop(true);
  }, 20_000);
});

const DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate";
