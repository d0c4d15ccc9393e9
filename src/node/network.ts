/**
 * The network as a node needs it: links that carry whole messages in order, or close. src/transport
 * implements it over WebSockets and, for tests and the simulator, in memory.
 */
import type { PeerMessage } from "./messages.ts";

/** One connection to another node. */
export interface Link {
  /** Takes a message to be sent in order; returns its size in bytes, 0 if the link is not open. */
  send(message: PeerMessage): number;
  /** Bytes of all messages that have arrived on this link. */
  readonly receivedBytes: number;
  /** Closes it; `closed` is called once. Calling it again does nothing. */
  close(reason: string): void;
}

/** What a link tells its owner. After `closed` nothing else comes. */
export interface LinkEvents {
  message(message: PeerMessage): void;
  closed(reason: string): void;
}

/** Takes links that others open. */
export type AcceptLink = (link: Link) => LinkEvents;

export interface Network {
  /**
   * Makes one attempt to reach the node at this URL. `opened` or `closed` is called, later and not
   * from within this call.
   */
  connect(address: string, events: LinkEvents & { opened(link: Link): void }): Link;
  /**
   * Calls this at once. What is sent meanwhile, on any link of this process, has left when it
   * returns, and may have left together; a network for which that is no gain goes without.
   */
  together?(say: () => void): void;
}
