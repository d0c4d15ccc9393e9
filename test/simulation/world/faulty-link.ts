/**
 * One link of the simulated network: two ends, each in a process, and a wire for each direction.
 * What is sent is really encoded, and really decoded where it arrives.
 */
import type { PeerMessage } from "../../../src/node/messages.ts";
import type { Link, LinkEvents } from "../../../src/node/network.ts";
import { decodeFrame, type FrameEncoder } from "../../../src/transport/frames.ts";
import type { ProcessGate } from "./process-gate.ts";

/** A process as the network sees it. */
export interface Host {
  readonly slot: number;
  readonly gate: ProcessGate;
  readonly encoder: FrameEncoder;
  /** Its machine answers: whoever speaks to a dead process is told that it is gone. */
  machineUp: boolean;
  /** When it died, on the shared clock. */
  diedAtMs: number;
}

/** What travels on a wire. */
export type Parcel =
  | { readonly kind: "frame"; readonly bytes: Uint8Array; readonly sentAtMs: number }
  | { readonly kind: "close"; readonly reason: string; readonly sentAtMs: number }
  | { readonly kind: "run"; readonly run: () => void; readonly sentAtMs: number };

/** One direction of a link. */
export interface Wire {
  readonly from: LinkEnd;
  readonly to: LinkEnd;
  /** In the order of sending. */
  readonly parcels: Parcel[];
  /** Arrivals that found their way cut; as many are made up for when it heals. */
  blocked: number;
  lastArrivalMs: number;
}

/** What an end needs of the network around it. */
export interface Carrier {
  transmit(end: LinkEnd, message: PeerMessage): number;
  transmitClose(end: LinkEnd, reason: string): void;
  ended(end: LinkEnd): void;
}

export class LinkEnd implements Link {
  readonly host: Host;
  readonly #carrier: Carrier;
  events: LinkEvents | undefined;
  /** To the other end; undefined until that one has accepted. */
  wire: Wire | undefined;
  closed = false;
  receivedBytes = 0;

  constructor(host: Host, carrier: Carrier) {
    this.host = host;
    this.#carrier = carrier;
  }

  send(message: PeerMessage): number {
    return this.closed || !this.host.gate.alive ? 0 : this.#carrier.transmit(this, message);
  }

  close(reason: string): void {
    if (!this.closed && this.host.gate.alive) {
      this.#carrier.transmitClose(this, reason);
      this.gone(reason);
    }
  }

  /** It is closed, whoever did it; the other end is not told by this. */
  gone(reason: string): void {
    if (!this.closed) {
      this.closed = true;
      this.#carrier.ended(this);
      this.events?.closed(reason);
    }
  }

  /** Takes in what has arrived, as a step of its process. */
  take(parcel: Parcel): void {
    if (this.closed) {
      return;
    }
    switch (parcel.kind) {
      case "frame":
        this.receivedBytes += parcel.bytes.length;
        this.events?.message(decodeFrame(parcel.bytes));
        return;
      case "close":
        this.gone(parcel.reason);
        return;
      case "run":
        parcel.run();
    }
  }
}
