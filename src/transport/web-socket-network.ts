/**
 * Links over WebSockets: a leader dials the follower's one port, at PEER_PATH; the follower's
 * server takes the connection over. Every message is one binary frame.
 */
import type { Server, ServerWebSocket } from "bun";
import type { PeerMessage } from "../node/messages.ts";
import type { AcceptLink, Link, LinkEvents, Network } from "../node/network.ts";
import { FrameError } from "./byte-reader.ts";
import { bundleFrames, unbundleFrames } from "./frame-bundle.ts";
import { decodeFrame, FrameEncoder } from "./frames.ts";

/** Where a node takes links. */
export const PEER_PATH = "/peer";

/** The WebSocket's code for "what you sent breaks the protocol". */
const CLOSE_PROTOCOL_ERROR = 1002;
const CLOSE_NORMAL = 1000;
/** A close frame holds so many bytes of reason at most; sockets throw at more. */
const REASON_BYTES_MAX = 123;

/** The largest value, and what a message holds beside it (a page, a part of a turn's writes). */
export const FRAME_BYTES_MAX = 96 * 1024 * 1024;

/** About so much goes together at most; what is larger would gain nothing by it. */
const HELD_BYTES_MAX = 64 * 1024;

/** Links that hold frames back until what is being said is said; undefined: none has to. */
let holding: Set<SocketLink> | undefined;

/** See Network. */
function together(say: () => void): void {
  if (holding !== undefined) {
    say();
    return;
  }
  holding = new Set();
  try {
    say();
  } finally {
    const links = holding;
    holding = undefined;
    for (const link of links) {
      link.flush();
    }
  }
}

/** Takes note of what links carry, in bytes of their messages. */
export interface LinkMeter {
  sent(bytes: number): void;
  received(bytes: number): void;
}

const NO_METER: LinkMeter = { sent() {}, received() {} };

/** What both ends need of a socket. */
interface Socket {
  readonly readyState: number;
  send(frame: Uint8Array<ArrayBuffer>): unknown;
  close(code: number, reason: string): void;
  terminate(): void;
}

class SocketLink implements Link {
  readonly #socket: Socket;
  readonly #encoder: FrameEncoder;
  readonly #meter: LinkMeter;
  events: LinkEvents | undefined;
  receivedBytes = 0;
  #closed = false;
  #held: Uint8Array<ArrayBuffer>[] = [];
  #heldBytes = 0;

  constructor(socket: Socket, encoder: FrameEncoder, meter: LinkMeter) {
    this.#socket = socket;
    this.#encoder = encoder;
    this.#meter = meter;
  }

  send(message: PeerMessage): number {
    // Neither does one that is still being opened take anything: its socket would throw.
    if (this.#closed || this.#socket.readyState !== WebSocket.OPEN) {
      return 0;
    }
    const frame = this.#encoder.encode(message);
    if (holding === undefined || frame.length > HELD_BYTES_MAX) {
      this.flush();
      this.#put(frame);
    } else {
      this.#hold(frame, holding);
    }
    return frame.length;
  }

  #hold(frame: Uint8Array<ArrayBuffer>, links: Set<SocketLink>): void {
    this.#held.push(frame);
    this.#heldBytes += frame.length;
    if (this.#heldBytes > HELD_BYTES_MAX) {
      this.flush();
    } else {
      links.add(this);
    }
  }

  /** What is held back leaves. */
  flush(): void {
    const frames = this.#held;
    if (frames.length > 0) {
      this.#held = [];
      this.#heldBytes = 0;
      this.#put(bundleFrames(frames));
    }
  }

  #put(bytes: Uint8Array<ArrayBuffer>): void {
    this.#meter.sent(bytes.length);
    this.#socket.send(bytes);
  }

  close(reason: string): void {
    this.#end(CLOSE_NORMAL, reason);
  }

  /** Bytes have come; rubbish closes the link. */
  received(data: unknown): void {
    if (this.#closed) {
      return;
    }
    try {
      if (!(data instanceof Uint8Array)) {
        throw new FrameError("a text where bytes were expected");
      }
      this.#meter.received(data.length);
      for (const frame of unbundleFrames(data)) {
        // What one of them brought may have closed it.
        if (!this.#closed) {
          this.receivedBytes += frame.length;
          this.events?.message(decodeFrame(frame));
        }
      }
    } catch (error) {
      if (!(error instanceof FrameError)) {
        throw error;
      }
      this.#end(CLOSE_PROTOCOL_ERROR, error.message);
    }
  }

  /** The other end, or the network, has closed it. */
  gone(reason: string): void {
    if (!this.#closed) {
      this.#closed = true;
      this.#held = [];
      this.events?.closed(reason);
    }
  }

  #end(code: number, reason: string): void {
    if (this.#closed) {
      return;
    }
    this.flush();
    this.#closed = true;
    this.#socket.close(code, cutToFit(reason));
    // A peer that is stopped never answers a close frame: don't keep what is queued for it.
    if (code === CLOSE_NORMAL) {
      this.#socket.terminate();
    }
    this.events?.closed(reason);
  }
}

/** Its first whole characters that fit into a close frame; a part of it may come from a peer. */
function cutToFit(reason: string): string {
  const { read } = new TextEncoder().encodeInto(reason, new Uint8Array(REASON_BYTES_MAX));
  return reason.slice(0, read);
}

/** Dials nodes by their URL (`http://host:port`). */
export function createWebSocketNetwork(meter: LinkMeter = NO_METER): Network {
  const encoder = new FrameEncoder();
  return {
    together,
    connect(address, events) {
      // Without compression: what answers there could unfold a megabyte to a gigabyte.
      const socket = new WebSocket(`${address.replace(/^http/, "ws")}${PEER_PATH}`, {
        perMessageDeflate: false,
      });
      socket.binaryType = "nodebuffer";
      const link = new SocketLink(socket, encoder, meter);
      link.events = events;
      socket.onopen = () => events.opened(link);
      socket.onmessage = (event) => link.received(event.data);
      socket.onerror = (event) => link.gone(whyNotConnected(event));
      socket.onclose = (event) => link.gone(event.reason || `closed with code ${event.code}`);
      return link;
    },
  };
}

/** A person who reads the log must know whether to start a node or to mend FOLLOWERS. */
function whyNotConnected(event: Event): string {
  const { message = "", error } = event as Partial<ErrorEvent>;
  if (message.includes("101")) {
    return "what answers there is no kvnode node; check FOLLOWERS";
  }
  const { code } = (error ?? {}) as { code?: string };
  return code === "ENOTFOUND" ? "no host of that name; check FOLLOWERS" : "nobody answers";
}

/** What the HTTP server keeps for each link that it took over. */
export interface PeerSocketData {
  link: SocketLink | undefined;
}

/** The HTTP server's part: `upgrade` for requests to PEER_PATH, `handlers` for Bun.serve. */
export function createPeerSockets(accept: AcceptLink, meter: LinkMeter = NO_METER) {
  const encoder = new FrameEncoder();
  const handlers = {
    maxPayloadLength: FRAME_BYTES_MAX,
    // The node itself notices silence, in less time than this.
    idleTimeout: 60,
    // Beyond it frames would be dropped without a word, and acknowledgements are said only once.
    backpressureLimit: FRAME_BYTES_MAX,
    closeOnBackpressureLimit: true,
    perMessageDeflate: false,
    open(socket: ServerWebSocket<PeerSocketData>) {
      const link = new SocketLink(socket, encoder, meter);
      socket.data.link = link;
      link.events = accept(link);
    },
    message(socket: ServerWebSocket<PeerSocketData>, data: string | Buffer) {
      socket.data.link?.received(data);
    },
    close(socket: ServerWebSocket<PeerSocketData>, code: number, reason: string) {
      socket.data.link?.gone(reason || `closed with code ${code}`);
    },
  };
  return {
    handlers,
    /** True if the request has become a link. */
    upgrade(request: Request, server: Server<PeerSocketData>): boolean {
      return server.upgrade(request, { data: { link: undefined } });
    },
  };
}
