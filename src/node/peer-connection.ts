/**
 * One end of the way to another node, for all groups that have to do with it: dials, greets, asks
 * whether somebody is there, notices silence, dials again with back-off, until it is stopped. What
 * is sent while it is down is dropped; whoever needs it brings the other node up to date when it is
 * up again.
 */
import type { Cancel, Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { GroupMessage, HelloMessage, PeerMessage, PongMessage } from "./messages.ts";
import type { Link, Network } from "./network.ts";

export const BACKOFF_FIRST_MS = 50;
export const BACKOFF_MAX_MS = 2_000;
/** After so many failures the back-off has reached its maximum. */
const FAILURES_UNTIL_MAX = Math.ceil(Math.log2(BACKOFF_MAX_MS / BACKOFF_FIRST_MS));
/** A peer that says nothing for so long is taken for gone; pings make it say something. */
export const SILENCE_MAX_MS = 3_000;

export interface PeerEvents {
  /** The greeting is over. */
  up(): void;
  message(message: GroupMessage): void;
  /** It was up and is not any more. */
  down(): void;
}

export interface PeerConnectionOptions {
  readonly address: string;
  readonly hello: HelloMessage;
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly events: PeerEvents;
}

export class PeerConnection {
  readonly address: string;
  readonly #options: PeerConnectionOptions;
  #link: Link | undefined;
  #connected = false;
  #peer: HelloMessage | undefined;
  #lastHeardMs = 0;
  /** Since the last beat it has said something of its own accord. */
  #talks = false;
  #sentBytes = 0;
  #confirmedBytes = 0;
  /** Bytes sent up to the oldest ping that is not answered. */
  #pingedBytes: number | undefined;
  #failures = 0;
  #lastReason = "";
  /** Why the peer was sent away last, until it is of use again: said in the log once. */
  #rejection = "";
  #cancelRetry: Cancel = () => {};
  #stopped = false;

  constructor(options: PeerConnectionOptions) {
    this.address = options.address;
    this.#options = options;
  }

  /** Who answered last at this address, or undefined if nobody ever did. */
  get peer(): HelloMessage | undefined {
    return this.#peer;
  }

  /** The greeting is over and the connection stands. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Bytes sent on this connection so far. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** Bytes of them that the peer has received. */
  get confirmedBytes(): number {
    return this.#confirmedBytes;
  }

  start(): void {
    this.#dial();
  }

  stop(reason: string): void {
    this.#stopped = true;
    this.#cancelRetry();
    this.#link?.close(reason);
  }

  /** Dropped while the connection is down. */
  send(message: PeerMessage): void {
    this.#sentBytes += this.#link?.send(message) ?? 0;
  }

  /** The peer is of use, and has received so many bytes on this connection. */
  confirmed(receivedBytes: number): void {
    this.#rejection = "";
    this.#received(receivedBytes);
  }

  /** Says in the log why the peer is sent away; each reason once. */
  complain(reason: string): void {
    if (reason !== this.#rejection) {
      this.#rejection = reason;
      const fields = { follower: this.#peer?.node, address: this.address, reason };
      this.#options.logger.error("follower.rejected", fields);
    }
  }

  /** Closes it to dial again in a good while, since a person may mend what is wrong. */
  sendAway(reason: string): void {
    this.#failures = FAILURES_UNTIL_MAX;
    this.#link?.close(reason);
  }

  /**
   * Called every 500 ms. A peer that keeps silent too long is dropped and dialled again; one that
   * says nothing else is asked whether it is there.
   */
  beat(): void {
    if (this.#link !== undefined && this.#nowMs() - this.#lastHeardMs > SILENCE_MAX_MS) {
      this.#link.close(`silent for more than ${SILENCE_MAX_MS} ms`);
    } else if (this.#connected && !this.#talks) {
      this.send({ type: "ping" });
      this.#pingedBytes ??= this.#sentBytes;
    }
    this.#talks = false;
  }

  #dial(): void {
    const { network, address, hello } = this.#options;
    this.#lastHeardMs = this.#nowMs();
    this.#talks = true;
    this.#sentBytes = 0;
    this.#confirmedBytes = 0;
    this.#pingedBytes = undefined;
    let greeted = false;
    this.#link = network.connect(address, {
      opened: () => this.send(hello),
      message: (message) => {
        this.#lastHeardMs = this.#nowMs();
        if (message.type === "hello") {
          greeted = true;
          this.#greeted(message);
        } else if (message.type === "refuse") {
          this.#link?.close(`refused: ${message.reason}`);
        } else if (greeted) {
          this.#heard(message);
        }
      },
      closed: (reason) => this.#closed(reason, greeted),
    });
  }

  #greeted(peer: HelloMessage): void {
    this.#peer = peer;
    this.#connected = true;
    this.#failures = 0;
    if (this.#rejection === "") {
      this.#lastReason = "";
      const { address } = this;
      this.#options.logger.info("follower.connected", { follower: peer.node, address });
    }
    this.#options.events.up();
  }

  #heard(message: Exclude<PeerMessage, { type: "hello" | "refuse" }>): void {
    if (message.type === "pong") {
      this.#answered(message);
    } else if (message.type !== "ping" && message.type !== "leave") {
      this.#talks = true;
      this.#options.events.message(message);
    }
  }

  /** What came before a ping has arrived before it, or never will. */
  #answered({ receivedBytes }: PongMessage): void {
    const pingedBytes = this.#pingedBytes ?? 0;
    this.#pingedBytes = undefined;
    if (receivedBytes < pingedBytes) {
      this.#link?.close("something was lost on the way");
      return;
    }
    this.#received(receivedBytes);
  }

  #received(bytes: number): void {
    this.#confirmedBytes = Math.min(this.#sentBytes, Math.max(this.#confirmedBytes, bytes));
  }

  #closed(reason: string, greeted: boolean): void {
    this.#link = undefined;
    this.#connected = false;
    if (this.#stopped) {
      return;
    }
    if (reason !== this.#lastReason && reason !== this.#rejection) {
      this.#lastReason = reason;
      const event = greeted ? "follower.lost" : "follower.unreachable";
      this.#options.logger.warn(event, { address: this.address, reason });
    }
    const backoffMs = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** this.#failures);
    this.#failures += 1;
    const jitter = 0.5 + this.#options.random.next() / 2;
    this.#cancelRetry = this.#options.clock.after(backoffMs * jitter, () => this.#dial());
    if (greeted) {
      this.#options.events.down();
    }
  }

  #nowMs(): number {
    return this.#options.clock.nowMs();
  }
}
