/**
 * One end of a link, in bytes: the same for a client that reaches a node's /peer and for a server
 * that a leader has dialled. Whatever is sent, `settle` tells when the node has dealt with it.
 */
import { connect, type Socket } from "node:net";
import type { PeerMessage } from "../../src/node/messages.ts";
import { unbundleFrames } from "../../src/transport/frame-bundle.ts";
import { decodeFrame } from "../../src/transport/frames.ts";
import {
  frameBytes,
  OPCODE,
  openingRequest,
  type WireFrame,
  WireParser,
} from "./web-socket-bytes.ts";

/** Longer than any honest answer takes, and far below what would hold up a run. */
const PATIENCE_MS = 5_000;
/** Of what a node says, so many messages are kept. */
const HEARD_MAX = 100;

export class RawLink {
  readonly #socket: Socket;
  readonly #masked: boolean;
  /** What the node has said last; it says nothing that a node can't read. */
  readonly heard: PeerMessage[] = [];
  /** Why its words could not be read, if so. */
  unreadable: string | undefined;
  #open = false;
  #closed = false;
  #pings = 0;
  #pongs = 0;
  #changed: () => void = () => {};

  constructor(socket: Socket, options: { readonly client: boolean }) {
    this.#socket = socket;
    this.#masked = options.client;
    this.#open = !options.client;
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#closed = true;
      this.#changed();
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** At a server: the client's request is complete. */
  onHead: (head: string) => void = () => {};

  /** What arrives goes in here. */
  readonly parser = new WireParser({
    head: (head) => {
      if (!this.#masked) {
        this.onHead(head);
        return;
      }
      this.#open = head.startsWith("HTTP/1.1 101");
      if (!this.#open) this.#socket.destroy();
      this.#changed();
    },
    frame: (opcode, payload) => this.#heardFrame(opcode, payload),
  });

  /** Sends one frame; false if the link is closed already. */
  send(frame: WireFrame): boolean {
    if (this.#closed) return false;
    this.#socket.write(frameBytes(frame, this.#masked));
    return true;
  }

  /** Resolves when the handshake has succeeded (true) or failed. */
  async opened(): Promise<boolean> {
    await this.#until(() => this.#open || this.#closed, PATIENCE_MS);
    return this.#open && !this.#closed;
  }

  /**
   * Resolves when the node has dealt with all that was sent: it answers a ping behind it, or it has
   * closed the link. Throws if it does neither in time.
   */
  async settle(): Promise<void> {
    if (this.#closed) return;
    this.#pings += 1;
    const wanted = this.#pings;
    this.#socket.write(
      frameBytes({ opcode: OPCODE.ping, payload: Buffer.from("?") }, this.#masked),
    );
    const settled = await this.#until(() => this.#closed || this.#pongs >= wanted, PATIENCE_MS);
    if (!settled) throw new Error(`the node said nothing on a link for ${PATIENCE_MS} ms`);
  }

  /** For a frame that has no end: resolves when the node closes the link, or after a while. */
  async settleHalf(patienceMs: number): Promise<void> {
    await this.#until(() => this.#closed, patienceMs);
  }

  /** Hangs up without a word. */
  drop(): void {
    this.#closed = true;
    this.#socket.resetAndDestroy();
    this.#changed();
  }

  #heardFrame(opcode: number, payload: Buffer): void {
    if (opcode === OPCODE.pong) this.#pongs += 1;
    if (opcode === OPCODE.ping) this.send({ opcode: OPCODE.pong, payload });
    if (opcode === OPCODE.close) this.#socket.destroy();
    if (opcode === OPCODE.binary) this.#heardMessage(payload);
    this.#changed();
  }

  #heardMessage(payload: Buffer): void {
    try {
      for (const frame of unbundleFrames(payload)) {
        this.heard.push(decodeFrame(frame));
        if (this.heard.length > HEARD_MAX) this.heard.shift();
      }
    } catch (error) {
      this.unreadable ??= String(error);
    }
  }

  /** Whether it held in time. */
  #until(holds: () => boolean, patienceMs: number): Promise<boolean> {
    if (holds()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (held: boolean) => {
        clearTimeout(timer);
        this.#changed = () => {};
        resolve(held);
      };
      const timer = setTimeout(() => end(false), patienceMs);
      this.#changed = () => {
        if (holds()) end(true);
      };
    });
  }
}

/** Dials a node's /peer; undefined where it does not let us in. */
export async function dialNode(port: number): Promise<RawLink | undefined> {
  const socket = connect(port, "127.0.0.1");
  const link = new RawLink(socket, { client: true });
  socket.on("data", (data: Buffer) => link.parser.push(data));
  socket.on("connect", () => socket.write(openingRequest()));
  return (await link.opened()) ? link : undefined;
}
