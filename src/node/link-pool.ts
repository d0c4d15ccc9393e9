/**
 * The ways from this node to others: one connection for each address that any of its groups wants,
 * whatever their number. It is dialled when the first wants it and closed when the last has given
 * it up, a moment later, since a group that gives up a link often wants it again.
 */
import type { Cancel, Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import { type AnswerMessage, type GroupMessage, type HelloMessage, isAnswer } from "./messages.ts";
import type { Network } from "./network.ts";
import { PeerConnection } from "./peer-connection.ts";

/** So long a connection stands that nobody wants. */
const LINGER_MS = 1_000;

export interface LinkPoolOptions {
  readonly hello: HelloMessage;
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** One group that wants a connection. */
export interface Subscriber {
  readonly group: number;
  /** It stands from now on; not called where it stands already. */
  up(): void;
  /** About this group. */
  message(message: AnswerMessage): void;
  /** It stands no more. */
  down(): void;
}

/** A connection and the groups that want it. */
export class PooledConnection {
  readonly connection: PeerConnection;
  /** By group, so that an answer finds its way whatever their number. Nearly always one each. */
  readonly #subscribers = new Map<number, readonly Subscriber[]>();
  readonly #unwanted: () => void;

  constructor(address: string, options: LinkPoolOptions, unwanted: () => void) {
    this.#unwanted = unwanted;
    this.connection = new PeerConnection({
      ...options,
      address,
      events: {
        up: () => this.#tell((subscriber) => subscriber.up()),
        message: (message) => this.#message(message),
        down: () => this.#tell((subscriber) => subscriber.down()),
      },
    });
  }

  get wanted(): boolean {
    return this.#subscribers.size > 0;
  }

  /** There is more than one subscriber. */
  get shared(): boolean {
    const { size } = this.#subscribers;
    return size > 1 || [...this.#subscribers.values()].some(({ length }) => length > 1);
  }

  /** A group may have two for a moment, when its candidate begins to lead. */
  subscribersOf(group: number): number {
    return this.#subscribers.get(group)?.length ?? 0;
  }

  add(subscriber: Subscriber): void {
    const { group } = subscriber;
    this.#subscribers.set(group, [...(this.#subscribers.get(group) ?? []), subscriber]);
  }

  remove(subscriber: Subscriber): void {
    const { group } = subscriber;
    const others = this.#subscribers.get(group)?.filter((other) => other !== subscriber) ?? [];
    if (others.length > 0) {
      this.#subscribers.set(group, others);
    } else if (this.#subscribers.delete(group) && !this.wanted) {
      this.#unwanted();
    }
  }

  /** What one of them does may make others come and go. */
  #tell(what: (subscriber: Subscriber) => void): void {
    const { connected } = this.connection;
    for (const subscriber of [...this.#subscribers.values()].flat()) {
      const there = this.#subscribers.get(subscriber.group)?.includes(subscriber) === true;
      if (there && this.connection.connected === connected) {
        what(subscriber);
      }
    }
  }

  #message(message: GroupMessage): void {
    if (isAnswer(message)) {
      for (const subscriber of this.#subscribers.get(message.group) ?? []) {
        subscriber.message(message);
      }
    }
  }
}

interface Kept {
  readonly pooled: PooledConnection;
  cancelEnd: Cancel;
}

export class LinkPool {
  readonly #options: LinkPoolOptions;
  readonly #kept = new Map<string, Kept>();
  #stopped = false;

  constructor(options: LinkPoolOptions) {
    this.#options = options;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  get random(): Random {
    return this.#options.random;
  }

  /** How this node presents itself. */
  get hello(): HelloMessage {
    return this.#options.hello;
  }

  /** How many connections there are, standing or not. */
  get size(): number {
    return this.#kept.size;
  }

  /** The connection to this address, which is wanted from now on. */
  subscribe(address: string, subscriber: Subscriber): PooledConnection {
    const { pooled } = this.#kept.get(address) ?? this.#open(address);
    pooled.add(subscriber);
    return pooled;
  }

  /** Called every 500 ms: drops who was silent too long, asks who says nothing else. */
  beat(): void {
    for (const { pooled } of [...this.#kept.values()]) {
      pooled.connection.beat();
    }
  }

  /** Closes every connection at once. */
  stop(): void {
    this.#stopped = true;
    for (const { pooled, cancelEnd } of this.#kept.values()) {
      cancelEnd();
      pooled.connection.stop("this node stops");
    }
    this.#kept.clear();
  }

  #open(address: string): Kept {
    const pooled = new PooledConnection(address, this.#options, () => this.#unwanted(address));
    const kept: Kept = { pooled, cancelEnd: () => {} };
    if (!this.#stopped) {
      this.#kept.set(address, kept);
      pooled.connection.start();
    }
    return kept;
  }

  #unwanted(address: string): void {
    const kept = this.#kept.get(address);
    if (kept === undefined) {
      return;
    }
    const end = () => {
      if (!kept.pooled.wanted) {
        this.#kept.delete(address);
        kept.pooled.connection.stop("nobody here wants it any more");
      }
    };
    kept.cancelEnd();
    kept.cancelEnd = this.#options.clock.after(
      kept.pooled.connection.connected ? LINGER_MS : 0,
      end,
    );
  }
}
