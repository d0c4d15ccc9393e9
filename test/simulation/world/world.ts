/**
 * Everything that a run consists of, and where its parts meet: one clock, one network, the members,
 * what the clients were told, and the watchers of what must never happen.
 */
import { KvError } from "../../../src/base/errors.ts";
import type { Entry } from "../../../src/core/entry.ts";
import type { PeerMessage } from "../../../src/node/messages.ts";
import type { NodeService } from "../../../src/node/service.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";
import { createStream } from "../draw.ts";
import type { Parameters } from "../parameters.ts";
import { Trace } from "../trace.ts";
import { Acknowledgements } from "../truth/acknowledgements.ts";
import { Bounds } from "../truth/bounds.ts";
import { OperationLog } from "../truth/operation-log.ts";
import { StateWatch } from "../truth/state-watch.ts";
import type { Rule, Violation } from "../truth/violation.ts";
import { FaultyNetwork, type Tamper } from "./faulty-network.ts";
import { Member, type SimulatedProcess } from "./member.ts";

/** Written in the end, to see whether writes go on; so that it hides no loss at the others. */
export const PROBE_KEY = "probe";

/** Ways to break a run on purpose, to see that the watchers notice. */
export interface Sabotage {
  readonly tamper?: Tamper;
  /** Stands between the clients and a node. */
  readonly service?: (service: NodeService, slot: number) => ClientService;
}

/** What clients call. */
export type ClientService = Pick<
  NodeService,
  "write" | "remove" | "readLinearizable" | "readLocal" | "promote" | "configure"
>;

export interface WorldOptions {
  readonly parameters: Parameters;
  readonly keepsTrace: boolean;
  readonly sabotage?: Sabotage | undefined;
}

export class World {
  readonly parameters: Parameters;
  readonly clock = new VirtualClock();
  readonly trace: Trace;
  readonly network: FaultyNetwork;
  readonly members: readonly Member[];
  /** What clients work on, and PROBE_KEY. */
  readonly keys: readonly string[];
  readonly clientKeys: readonly string[];
  readonly log: OperationLog;
  readonly watch: StateWatch;
  readonly acknowledgements: Acknowledgements;
  readonly bounds: Bounds;
  /** Whoever wants to see messages as they are sent. */
  readonly listeners: ((message: PeerMessage, from: number, to: number) => void)[] = [];
  /** The lowest write quorum that was ever asked for. */
  quorumMin: number;
  readonly #sabotage: Sabotage;
  #violation: Violation | undefined;
  #steps = 0;

  constructor({ parameters, keepsTrace, sabotage = {} }: WorldOptions) {
    const { seed, nodes } = parameters;
    this.parameters = parameters;
    this.quorumMin = parameters.writeQuorum;
    this.#sabotage = sabotage;
    this.trace = new Trace(() => this.clock.nowMs(), keepsTrace);
    this.network = new FaultyNetwork({
      ...{ nodes, clock: this.clock, parameters: parameters.network },
      random: createStream(seed, "network"),
      sent: (message, from, to) => this.#sent(message, from, to),
      tamper: sabotage.tamper,
    });
    this.clientKeys = Array.from({ length: parameters.clients.keys }, (_, index) => `k${index}`);
    this.keys = [...this.clientKeys, PROBE_KEY];
    this.log = new OperationLog(() => this.clock.nowMs());
    const broken = (rule: Rule, message: string, key?: string) => this.broken(rule, message, key);
    this.watch = new StateWatch({ nodes, keys: this.keys, log: this.log, broken });
    const heldAt = (slot: number, key: string, sinceMs: number) => this.#heldAt(slot, key, sinceMs);
    this.acknowledgements = new Acknowledgements({ nodes, heldAt, broken });
    this.bounds = new Bounds(parameters, broken);
    this.members = Array.from({ length: nodes }, (_, slot) => new Member(this, slot));
  }

  /** The first promise that was broken. */
  get violation(): Violation | undefined {
    return this.#violation;
  }

  /** Steps of all nodes together. */
  get steps(): number {
    return this.#steps;
  }

  get processes(): SimulatedProcess[] {
    return this.members.flatMap(({ process }) => (process === undefined ? [] : [process]));
  }

  member(slot: number): Member {
    const member = this.members[slot];
    if (member === undefined) {
      throw new Error(`there is no node ${slot}`);
    }
    return member;
  }

  /** The service of a process, as its clients have it. */
  serviceOf(process: SimulatedProcess): ClientService {
    return this.#sabotage.service?.(process.service, process.slot) ?? process.service;
  }

  broken(rule: Rule, message: string, key?: string): void {
    if (this.#violation === undefined) {
      this.#violation = { rule, message, key, atMs: this.clock.nowMs() };
      this.trace.tell(`BROKEN: ${message}`);
    }
  }

  /** A node's own code has thrown what no client can have caused. */
  faulty(name: string, error: unknown): void {
    this.broken("crash", `${name}: ${error instanceof Error ? error.stack : String(error)}`);
  }

  /** Runs until it holds, or a promise is broken, or so much time has passed; true if it holds. */
  runUntil(holds: () => boolean, patienceMs: number): boolean {
    const over = () => this.#violation !== undefined || holds();
    return this.clock.runUntilNow(over, patienceMs) && this.#violation === undefined;
  }

  stepped(process: SimulatedProcess): void {
    this.#steps += 1;
    const { node, service, slot } = process;
    const { leader, follower } = node.group;
    const epoch = leader?.epoch ?? follower.core.holding.epoch;
    this.watch.stepped({ slot, epoch, read: (key) => readShown(service, key) });
  }

  died({ slot }: Member): void {
    this.watch.died(slot);
  }

  #sent(message: PeerMessage, from: number, to: number): void {
    this.trace.note([from, to, message.type.length], () => `${from} → ${to} ${summary(message)}`);
    for (const listener of this.listeners) {
      listener(message, from, to);
    }
  }

  #heldAt(slot: number, key: string, sinceMs: number): Entry | "lost" | undefined {
    const { disk, diskLostAtMs } = this.member(slot);
    if (disk === undefined) {
      return this.watch.shownAt(slot, key);
    }
    return diskLostAtMs >= sinceMs ? "lost" : disk.read(key);
  }
}

/** What a node shows at a key now; "refused" where it does not answer reads. */
export function readShown(service: NodeService, key: string): Entry | "refused" | undefined {
  try {
    return service.readLocal(key);
  } catch (error) {
    if (error instanceof KvError) {
      return "refused";
    }
    throw error;
  }
}

function summary(message: PeerMessage): string {
  const { type, ...fields } = message;
  const text = JSON.stringify(fields);
  return `${type} ${text.length > 300 ? `${text.slice(0, 300)}…` : text}`;
}
