/**
 * The leader's end of the way to one follower: dials, greets, notices silence, dials again with
 * back-off, for as long as the node lives. What is sent while it is down is dropped; whoever needs
 * it brings the follower up to date when it is up again.
 */
import type { Cancel, Clock } from "../base/clock.ts";
import type { Logger } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { GroupMessage, HelloMessage, PeerMessage } from "./messages.ts";
import type { Link, Network } from "./network.ts";

const BACKOFF_FIRST_MS = 50;
const BACKOFF_MAX_MS = 2_000;
/** After so many failures the back-off has reached its maximum. */
const FAILURES_UNTIL_MAX = Math.ceil(Math.log2(BACKOFF_MAX_MS / BACKOFF_FIRST_MS));
/**
 * A peer that says nothing for so long is taken for gone; beats make sure that it has to answer.
 */
export const SILENCE_MAX_MS = 3_000;

export interface PeerEvents {
  /** The greeting is over; from within this, `reject` may end it. */
  up(peer: HelloMessage): void;
  message(message: GroupMessage): void;
  /** It was up and is not any more. */
  down(reason: string): void;
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
  #sentBytes = 0;
  #confirmedBytes = 0;
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

  /** Bytes sent on this connection that the peer has not confirmed. */
  get outstandingBytes(): number {
    return this.#sentBytes - this.#confirmedBytes;
  }

  start(): void {
    this.#dial();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelRetry();
    this.#link?.close("this node stops");
  }

  /** Dropped while the connection is down. */
  send(message: PeerMessage): void {
    this.#sentBytes += this.#link?.send(message) ?? 0;
  }

  /** The peer has received so many bytes on this connection. */
  confirmed(receivedBytes: number): void {
    this.#rejection = "";
    this.#confirmedBytes = Math.min(this.#sentBytes, Math.max(this.#confirmedBytes, receivedBytes));
  }

  /** This peer is of no use as it is: it is asked again in a while, since a person may mend it. */
  reject(reason: string): void {
    if (reason !== this.#rejection) {
      this.#rejection = reason;
      const fields = { follower: this.#peer?.node, address: this.address, reason };
      this.#options.logger.error("follower.rejected", fields);
    }
    this.#failures = FAILURES_UNTIL_MAX;
    this.#link?.close(reason);
  }

  /** Called now and then: a peer that keeps silent too long is dropped and dialled again. */
  checkSilence(): void {
    if (this.#link !== undefined && this.#nowMs() - this.#lastHeardMs > SILENCE_MAX_MS) {
      this.#link.close(`silent for more than ${SILENCE_MAX_MS} ms`);
    }
  }

  #dial(): void {
    const { network, address, hello } = this.#options;
    this.#lastHeardMs = this.#nowMs();
    this.#sentBytes = 0;
    this.#confirmedBytes = 0;
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
          this.#options.events.message(message);
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
    this.#options.events.up(peer);
  }

  #closed(reason: string, greeted: boolean): void {
    this.#link = undefined;
    this.#connected = false;
    if (this.#stopped) {
      return;
    }
    if (greeted) {
      this.#options.events.down(reason);
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
  }

  #nowMs(): number {
    return this.#options.clock.nowMs();
  }
}
