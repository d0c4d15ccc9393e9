/**
 * A server that stands in a leader's list of followers and is none: the leader dials it, and it
 * says whatever it is told to say.
 */
import { createServer, type Server, type Socket } from "node:net";
import { RawLink } from "./raw-link.ts";
import { openingAnswer } from "./web-socket-bytes.ts";

/** The leader dials again after at most 2 s, whatever was done to it. */
const DIAL_PATIENCE_MS = 10_000;

export class HostileFollower {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #waiting: RawLink | undefined;
  #dialled: (link: RawLink) => void = () => {};

  constructor() {
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Where it listens, once it does. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  listen(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", resolve);
    });
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  /** Drops the link that waits to be used; the leader dials again. */
  rest(): void {
    this.#waiting?.drop();
    this.#waiting = undefined;
  }

  /** The next link that the leader opens, before anything was said on it. */
  async nextLink(): Promise<RawLink> {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined && !waiting.closed) return waiting;
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#dialled = () => {};
        reject(new Error(`the leader has not dialled for ${DIAL_PATIENCE_MS} ms`));
      }, DIAL_PATIENCE_MS);
      this.#dialled = (link) => {
        clearTimeout(timer);
        this.#dialled = () => {};
        this.#waiting = undefined;
        resolve(link);
      };
    });
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    const link = new RawLink(socket, { client: false });
    socket.on("data", (data: Buffer) => link.parser.push(data));
    link.onHead = (head) => {
      socket.write(openingAnswer(head));
      this.#waiting = link;
      this.#dialled(link);
    };
  }
}
