/**
 * The in-memory network of a run. Each direction between two nodes has its own delay; a message
 * that meets a cut waits, as under TCP, until the cut heals or its link is given up; a link can
 * break so that one end learns of it much later than the other; a process that dies takes its links
 * with it, and a machine that dies tells nobody.
 *
 * A link keeps the order of its messages, as the real one does, except in runs with *noise*: there
 * messages are lost, doubled and overtake one another within a link, which no real link does. The
 * nodes may get stuck by that, until the link is closed; they may never do wrong.
 */
import type { Random } from "../../../src/base/random.ts";
import type { PeerMessage } from "../../../src/node/messages.ts";
import type { AcceptLink, Link, LinkEvents, Network } from "../../../src/node/network.ts";
import type { VirtualClock } from "../../support/virtual-clock.ts";
import { chance, logUniform } from "../draw.ts";
import type { NetworkParameters } from "../parameters.ts";
import { Cuts } from "./cuts.ts";
import { type Carrier, type Host, LinkEnd, type Parcel, type Wire } from "./faulty-link.ts";

/** Sees every message as it is sent, and may change or drop it (undefined). */
export type Tamper = (message: PeerMessage, from: number, to: number) => PeerMessage | undefined;

export interface FaultyNetworkOptions {
  readonly nodes: number;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly parameters: NetworkParameters;
  /** Called for each message that is sent. */
  readonly sent: (message: PeerMessage, from: number, to: number) => void;
  readonly tamper?: Tamper | undefined;
}

interface Listener {
  readonly host: Host;
  readonly accept: AcceptLink;
}

export class FaultyNetwork implements Carrier {
  readonly cuts: Cuts;
  readonly #options: FaultyNetworkOptions;
  readonly #listeners = new Map<string, Listener>();
  readonly #slots = new Map<string, number>();
  readonly #open = new Set<LinkEnd>();
  readonly #blockedWires = new Set<Wire>();
  #blockedDials: (() => void)[] = [];
  /** A factor of the delay for each direction. */
  readonly #slowness: number[];
  /** From the first misfortune until all heals. */
  noisy = false;

  constructor(options: FaultyNetworkOptions) {
    this.#options = options;
    this.cuts = new Cuts(options.nodes, () => this.#flush());
    this.#slowness = Array.from({ length: options.nodes ** 2 }, () =>
      logUniform(options.random, 0.5, 2),
    );
  }

  /** The network as one process has it. */
  endpoint(host: Host): Network {
    return { connect: (address, events) => this.#connect(host, address, events) };
  }

  /** From now on links to this address come to this process. */
  listen(address: string, host: Host, accept: AcceptLink): void {
    this.#slots.set(address, host.slot);
    this.#listeners.set(address, { host, accept });
  }

  /** The process is dead; where its machine lives, the others are told. */
  died(host: Host): void {
    for (const end of this.#endsOf((other) => other.host === host)) {
      end.closed = true;
      this.#open.delete(end);
      if (host.machineUp && end.wire !== undefined) {
        this.#carry(end.wire, { kind: "close", reason: "connection reset", sentAtMs: this.#nowMs });
      }
    }
  }

  /** Breaks links: one end learns of it at once, the other up to `lateMs` later. */
  breakLinks(picks: (one: number, other: number) => boolean, lateMs: number): void {
    const { clock, random } = this.#options;
    for (const end of this.#endsOf((each) => each.wire !== undefined)) {
      const other = end.wire?.to as LinkEnd;
      if (end.closed || !picks(end.host.slot, other.host.slot)) {
        continue;
      }
      const late = () => clock.after(random.next() * lateMs, () => this.#reset(other));
      this.#reset(end);
      late();
    }
  }

  /** All ways to and from this slot take so many times as long; the returned function ends it. */
  slowDown(slot: number, factor: number): () => void {
    const { nodes } = this.#options;
    const change = (by: number) => {
      for (let index = 0; index < this.#slowness.length; index++) {
        if (Math.floor(index / nodes) === slot || index % nodes === slot) {
          this.#slowness[index] = (this.#slowness[index] ?? 1) * by;
        }
      }
    };
    change(factor);
    return () => change(1 / factor);
  }

  transmit(end: LinkEnd, message: PeerMessage): number {
    const { wire, host } = end;
    if (wire === undefined) {
      return 0;
    }
    const { sent, tamper, random, parameters } = this.#options;
    const { slot } = wire.to.host;
    const said = tamper === undefined ? message : tamper(message, host.slot, slot);
    if (said === undefined) {
      return 0;
    }
    sent(said, host.slot, slot);
    const bytes = host.encoder.encode(said);
    const parcel: Parcel = { kind: "frame", bytes, sentAtMs: host.gate.nowMs };
    if (!this.noisy || !chance(random, parameters.loss)) {
      this.#carry(wire, parcel);
    }
    if (this.noisy && chance(random, parameters.duplication)) {
      this.#carry(wire, parcel);
    }
    return bytes.length;
  }

  transmitClose(end: LinkEnd, reason: string): void {
    if (end.wire !== undefined) {
      this.#carry(end.wire, { kind: "close", reason, sentAtMs: end.host.gate.nowMs });
    }
  }

  ended(end: LinkEnd): void {
    this.#open.delete(end);
  }

  get #nowMs(): number {
    return this.#options.clock.nowMs();
  }

  /** A copy, since what is done with them changes the set. */
  #endsOf(picks: (end: LinkEnd) => boolean): LinkEnd[] {
    return [...this.#open].filter(picks);
  }

  #connect(
    host: Host,
    address: string,
    events: LinkEvents & { opened(link: Link): void },
  ): LinkEnd {
    const near = new LinkEnd(host, this);
    near.events = events;
    const target = this.#slots.get(address);
    const dial = () => {
      if (target === undefined) {
        host.gate.run(() => near.gone("no such address"));
      } else if (this.cuts.isCut(host.slot, target) || this.cuts.isCut(target, host.slot)) {
        this.#blockedDials.push(dial);
      } else {
        this.#dialled(near, this.#listeners.get(address) as Listener, () => events.opened(near));
      }
    };
    this.#options.clock.after(this.delayMs(host.slot, target ?? host.slot), dial);
    return near;
  }

  #dialled(near: LinkEnd, { host, accept }: Listener, opened: () => void): void {
    if (near.closed || !near.host.gate.alive || !(host.gate.alive || host.machineUp)) {
      return;
    }
    const far = new LinkEnd(host, this);
    const there: Wire = { from: near, to: far, parcels: [], blocked: 0, lastArrivalMs: 0 };
    const back: Wire = { from: far, to: near, parcels: [], blocked: 0, lastArrivalMs: 0 };
    if (!host.gate.alive) {
      // Said by its machine.
      this.#options.clock.after(this.delayMs(host.slot, near.host.slot), () => {
        near.host.gate.run(() => near.gone("nobody listens there"));
      });
      return;
    }
    host.gate.run(() => {
      near.wire = there;
      far.wire = back;
      this.#open.add(near).add(far);
      this.#carry(back, { kind: "run", run: opened, sentAtMs: host.gate.nowMs });
      far.events = accept(far);
    });
  }

  #carry(wire: Wire, parcel: Parcel): void {
    wire.parcels.push(parcel);
    this.#arriveLater(wire, parcel.sentAtMs);
  }

  #arriveLater(wire: Wire, fromMs: number): void {
    const { clock, parameters } = this.#options;
    const { gridMs } = parameters;
    const dueMs = fromMs + this.delayMs(wire.from.host.slot, wire.to.host.slot);
    const atMs = gridMs > 0 ? Math.ceil(dueMs / gridMs) * gridMs : dueMs;
    wire.lastArrivalMs = Math.max(wire.lastArrivalMs, atMs);
    clock.at(wire.lastArrivalMs, () => this.#arrive(wire));
  }

  #arrive(wire: Wire): void {
    const { from, to } = wire;
    if (this.cuts.isCut(from.host.slot, to.host.slot)) {
      wire.blocked += 1;
      this.#blockedWires.add(wire);
      return;
    }
    const parcel = this.#takeParcel(wire);
    // What the process had still to say when it died was never sent.
    if (parcel === undefined || parcel.sentAtMs > from.host.diedAtMs) {
      return;
    }
    if (to.host.gate.alive) {
      to.host.gate.run(() => to.take(parcel));
    } else if (to.host.machineUp && !from.closed) {
      this.#reset(from);
    }
  }

  #takeParcel(wire: Wire): Parcel | undefined {
    const { random, parameters } = this.#options;
    const { parcels } = wire;
    if (this.noisy && parcels.length > 1 && chance(random, parameters.reordering)) {
      const at = Math.floor(random.next() * parcels.length);
      if (parcels.every(({ kind }) => kind === "frame")) {
        return parcels.splice(at, 1)[0];
      }
    }
    return parcels.shift();
  }

  #reset(end: LinkEnd): void {
    end.host.gate.run(() => end.gone("connection reset"));
  }

  #flush(): void {
    const dials = this.#blockedDials;
    this.#blockedDials = [];
    for (const dial of dials) {
      this.#options.clock.endOfTurn(dial);
    }
    for (const wire of this.#blockedWires) {
      if (!this.cuts.isCut(wire.from.host.slot, wire.to.host.slot)) {
        this.#blockedWires.delete(wire);
        for (; wire.blocked > 0; wire.blocked--) {
          this.#arriveLater(wire, this.#nowMs);
        }
      }
    }
  }

  /** A delay for this way, drawn anew each time. */
  delayMs(from: number, to: number): number {
    const { random, parameters, nodes } = this.#options;
    const slowness = this.#slowness[from * nodes + to] ?? 1;
    return parameters.delayMs * slowness * (0.5 + random.next() ** 4 * parameters.spread);
  }
}
