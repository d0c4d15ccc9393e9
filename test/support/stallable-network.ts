/**
 * A network around another one, in which the way to an address can be made to stall: nothing gets
 * through, nothing is lost and nobody is told, as when a process is stopped or a cable is pulled
 * for a while. Or every link to it can be closed, so that both ends learn of it.
 */
import type { Clock } from "../../src/base/clock.ts";
import type { PeerMessage } from "../../src/node/messages.ts";
import type { AcceptLink, Link, LinkEvents } from "../../src/node/network.ts";
import type { MemoryNetwork } from "../../src/transport/memory-network.ts";

interface Way {
  stalled: boolean;
  /** What would have arrived at either end, in order. */
  readonly held: (() => unknown)[];
  /** The dialling ends of its links. */
  readonly links: Set<Link>;
}

/** One end of a link; its own close is not held back by a stall. */
class StallableEnd implements Link, LinkEvents {
  readonly #way: Way;
  readonly #events: LinkEvents;
  inner: Link | undefined;
  #over = false;

  constructor(way: Way, events: LinkEvents) {
    this.#way = way;
    this.#events = events;
  }

  get over(): boolean {
    return this.#over;
  }

  get receivedBytes(): number {
    return this.inner?.receivedBytes ?? 0;
  }

  send(message: PeerMessage): number {
    return this.#over ? 0 : (this.inner?.send(message) ?? 0);
  }

  close(reason: string): void {
    if (!this.#over) {
      this.#end(reason);
      this.inner?.close(reason);
    }
  }

  message(message: PeerMessage): void {
    this.#pass(() => this.#events.message(message));
  }

  closed(reason: string): void {
    this.#pass(() => this.#end(reason));
  }

  opened(open: () => void): void {
    this.#pass(open);
  }

  #end(reason: string): void {
    this.#over = true;
    this.#way.links.delete(this);
    this.#events.closed(reason);
  }

  #pass(arrive: () => void): void {
    if (this.#over) {
      return;
    }
    if (this.#way.stalled) {
      this.#way.held.push(() => this.#over || arrive());
    } else {
      arrive();
    }
  }
}

export class StallableNetwork implements MemoryNetwork {
  readonly #inner: MemoryNetwork;
  readonly #clock: Clock;
  readonly #ways = new Map<string, Way>();

  constructor(inner: MemoryNetwork, clock: Clock) {
    this.#inner = inner;
    this.#clock = clock;
  }

  /** From now on nothing gets to or from this address. */
  stall(address: string): void {
    this.#way(address).stalled = true;
  }

  /** What was held arrives, in order, and then all that is new. */
  resume(address: string): void {
    const way = this.#way(address);
    this.#clock.endOfTurn(() => {
      way.stalled = false;
      for (const arrive of way.held.splice(0)) {
        arrive();
      }
    });
  }

  /** Closes every link to this address. */
  cut(address: string): void {
    for (const link of this.#way(address).links) {
      link.close("cut by the test");
    }
  }

  listen(address: string, accept: AcceptLink): () => void {
    const way = this.#way(address);
    return this.#inner.listen(address, (inner) => {
      const events: LinkEvents = {
        message: (message) => owner.message(message),
        closed: (reason) => owner.closed(reason),
      };
      const end = new StallableEnd(way, events);
      end.inner = inner;
      const owner = accept(end);
      return end;
    });
  }

  connect(address: string, events: LinkEvents & { opened(link: Link): void }): Link {
    const way = this.#way(address);
    const end = new StallableEnd(way, events);
    way.links.add(end);
    end.inner = this.#inner.connect(address, {
      message: (message) => end.message(message),
      closed: (reason) => end.closed(reason),
      opened: () => end.opened(() => events.opened(end)),
    });
    return end;
  }

  #way(address: string): Way {
    let way = this.#ways.get(address);
    if (way === undefined) {
      way = { stalled: false, held: [], links: new Set() };
      this.#ways.set(address, way);
    }
    return way;
  }
}
