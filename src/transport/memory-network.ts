/**
 * The in-memory twin of the WebSocket network: the same frames, encoded and decoded, between nodes
 * of one process. Messages arrive in order, each in a turn of its own.
 */
import type { Clock } from "../base/clock.ts";
import type { PeerMessage } from "../node/messages.ts";
import type { AcceptLink, Link, LinkEvents, Network } from "../node/network.ts";
import { decodeFrame, FrameEncoder } from "./frames.ts";

export interface MemoryNetwork extends Network {
  /** Takes links for this URL until the returned function is called. */
  listen(address: string, accept: AcceptLink): () => void;
}

class MemoryLink implements Link {
  readonly #clock: Clock;
  readonly #encoder = new FrameEncoder();
  events: LinkEvents | undefined;
  other: MemoryLink | undefined;
  receivedBytes = 0;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get closed(): boolean {
    return this.#closed;
  }

  send(message: PeerMessage): number {
    const { other } = this;
    if (this.#closed || other === undefined) {
      return 0;
    }
    const frame = this.#encoder.encode(message);
    this.#clock.endOfTurn(() => other.#received(frame));
    return frame.length;
  }

  close(reason: string): void {
    if (this.#closed) {
      return;
    }
    const { other } = this;
    this.gone(reason);
    this.#clock.endOfTurn(() => other?.gone(reason));
  }

  gone(reason: string): void {
    if (!this.#closed) {
      this.#closed = true;
      this.events?.closed(reason);
    }
  }

  #received(frame: Uint8Array): void {
    if (!this.#closed) {
      this.receivedBytes += frame.length;
      this.events?.message(decodeFrame(frame));
    }
  }
}

/** Nodes find each other in it by the URL under which they listen. */
export function createMemoryNetwork(clock: Clock): MemoryNetwork {
  const listeners = new Map<string, AcceptLink>();
  return {
    listen(address, accept) {
      listeners.set(address, accept);
      return () => listeners.delete(address);
    },
    connect(address, events) {
      const near = new MemoryLink(clock);
      near.events = events;
      clock.endOfTurn(() => {
        if (near.closed) {
          return;
        }
        const accept = listeners.get(address);
        if (accept === undefined) {
          near.gone("nobody listens there");
          return;
        }
        const far = new MemoryLink(clock);
        near.other = far;
        far.other = near;
        far.events = accept(far);
        events.opened(near);
      });
      return near;
    },
  };
}
