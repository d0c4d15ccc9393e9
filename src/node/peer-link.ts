/**
 * One group's use of a connection that all groups of this node share: it is up when the connection
 * is, unless this peer was sent away by this group. What is sent while it is down is dropped.
 */
import type { Cancel } from "../base/clock.ts";
import type { LinkPool, PooledConnection, Subscriber } from "./link-pool.ts";
import type { Member } from "./member.ts";
import type { AnswerMessage, DialerMessage, HelloMessage } from "./messages.ts";
import { BACKOFF_FIRST_MS, BACKOFF_MAX_MS, SILENCE_MAX_MS } from "./peer-connection.ts";

export interface PeerLinkEvents {
  /** From within this, `reject` may end it. */
  up(): void;
  message(message: AnswerMessage): void;
  down(): void;
}

export interface PeerLinkOptions extends Member {
  readonly group: number;
  readonly pool: LinkPool;
  readonly events: PeerLinkEvents;
}

/** The first message that the peer has not answered. */
interface Unanswered {
  /** Bytes sent on the connection up to it. */
  readonly sentBytes: number;
  /** When the peer was first known to have received it. */
  receivedMs: number | undefined;
}

export class PeerLink {
  readonly address: string;
  readonly slot: number;
  readonly #options: PeerLinkOptions;
  readonly #subscriber: Subscriber;
  #pooled: PooledConnection | undefined;
  #unanswered: Unanswered | undefined;
  /** Down for a while, though the connection may stand. */
  #away = false;
  #cancelReturn: Cancel = () => {};
  /** Why the peer was sent away last, until it is of use again. */
  #rejection = "";
  #stopped = false;

  constructor(options: PeerLinkOptions) {
    const { address, slot, group, events } = options;
    this.address = address;
    this.slot = slot;
    this.#options = options;
    this.#subscriber = {
      group,
      up: () => this.#up(),
      message: (message) => {
        if (this.connected) {
          this.#unanswered = undefined;
          events.message(message);
        }
      },
      down: () => this.#down(),
    };
  }

  /** Who answered last at this address, or undefined if nobody ever did. */
  get peer(): HelloMessage | undefined {
    return this.#pooled?.connection.peer;
  }

  /** The greeting is over and the connection stands; `up` was called, or will be in this turn. */
  get connected(): boolean {
    return this.#pooled?.connection.connected === true && !this.#away;
  }

  /** Bytes sent on the connection, by all groups, that the peer has not confirmed. */
  get outstandingBytes(): number {
    const connection = this.#pooled?.connection;
    return connection === undefined ? 0 : connection.sentBytes - connection.confirmedBytes;
  }

  /** `up` is called when the connection stands, but not where it stands already. */
  start(): void {
    const { pool, address } = this.#options;
    if (!this.#stopped) {
      this.#pooled ??= pool.subscribe(address, this.#subscriber);
    }
  }

  /** Gives it up for good; nothing is told. */
  stop(): void {
    this.#stopped = true;
    this.#leave();
    this.#cancelReturn();
    this.#pooled?.remove(this.#subscriber);
    this.#pooled = undefined;
  }

  /** Dropped while it is down. */
  send(message: DialerMessage): void {
    if (!this.connected || this.#pooled === undefined) {
      return;
    }
    const { connection } = this.#pooled;
    connection.send(message);
    if (message.type !== "news" || message.beat > 0) {
      this.#unanswered ??= { sentBytes: connection.sentBytes, receivedMs: undefined };
    }
  }

  /** The peer has received so many bytes on this connection. */
  confirmed(receivedBytes: number): void {
    this.#rejection = "";
    this.#pooled?.connection.confirmed(receivedBytes);
  }

  /**
   * This peer is of no use as it is: it is asked again in a while, since a person may mend it.
   * Other groups keep theirs.
   */
  reject(reason: string): void {
    const pooled = this.#pooled;
    if (pooled === undefined) {
      return;
    }
    if (reason !== this.#rejection) {
      this.#rejection = reason;
      pooled.connection.complain(reason);
    }
    if (!pooled.shared) {
      pooled.connection.sendAway(reason);
    } else if (this.connected) {
      this.#goAway(BACKOFF_MAX_MS);
    }
  }

  /**
   * Called now and then: a peer that is there and says nothing of this group, though it has
   * received what it has to answer, is asked anew.
   */
  checkSilence(): void {
    const unanswered = this.#unanswered;
    const connection = this.#pooled?.connection;
    if (unanswered === undefined || connection === undefined) {
      return;
    }
    const nowMs = this.#options.pool.clock.nowMs();
    if (connection.confirmedBytes >= unanswered.sentBytes) {
      unanswered.receivedMs ??= nowMs;
      if (nowMs - unanswered.receivedMs > SILENCE_MAX_MS) {
        this.#goAway(BACKOFF_FIRST_MS);
      }
    }
  }

  #up(): void {
    if (!this.#away) {
      this.#options.events.up();
    }
  }

  #down(): void {
    this.#unanswered = undefined;
    if (!this.#away) {
      this.#options.events.down();
    }
  }

  /** Down, and up again after about this time. */
  #goAway(durationMs: number): void {
    const { pool, events } = this.#options;
    this.#leave();
    this.#unanswered = undefined;
    this.#away = true;
    const jitter = 0.5 + pool.random.next() / 2;
    this.#cancelReturn = pool.clock.after(durationMs * jitter, () => {
      this.#away = false;
      if (this.connected) {
        events.up();
      }
    });
    events.down();
  }

  /** The peer must not take this group's silence for a living leader's. */
  #leave(): void {
    const { group } = this.#options;
    if (this.connected && this.#pooled?.subscribersOf(group) === 1) {
      this.#pooled.connection.send({ type: "leave", group });
    }
  }
}
