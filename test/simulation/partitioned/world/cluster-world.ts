/**
 * Everything that a run of a cluster consists of, and where its parts meet: one clock, one network,
 * the controller and the workers, what clients were told, and the watchers of what must never
 * happen: for each partition one of each kind.
 */

import type { Entry } from "../../../../src/core/entry.ts";
import { partitionOf } from "../../../../src/core/placement.ts";
import type { RemoveAnswer, WriteAnswer } from "../../../../src/http/service.ts";
import type { HeartbeatAnswer } from "../../../../src/node/heartbeat.ts";
import type { PeerMessage } from "../../../../src/node/messages.ts";
import { VirtualClock } from "../../../support/virtual-clock.ts";
import { createStream } from "../../draw.ts";
import { Trace } from "../../trace.ts";
import { type LoggedOperation, OperationLog } from "../../truth/operation-log.ts";
import { isSame, StateWatch } from "../../truth/state-watch.ts";
import type { Rule, Violation } from "../../truth/violation.ts";
import { FaultyNetwork } from "../../world/faulty-network.ts";
import type { ClusterParameters } from "../parameters.ts";
import { Decisions } from "../truth/decisions.ts";
import { Leaderships } from "../truth/leaderships.ts";
import { portrayCluster } from "../truth/portrait.ts";
import { Calls } from "./calls.ts";
import { ControllerPlace } from "./controller-place.ts";
import { type KeySpace, spreadKeys } from "./keys.ts";
import type { WorkerProcess } from "./surroundings.ts";
import { WorkerPlace } from "./worker-place.ts";

/** A removal whose client has given up may be carried out for so long. */
const LINGERS_MS = 20_000;

interface PartitionTruth {
  readonly keys: readonly string[];
  readonly watch: StateWatch;
  /** By slot, the number of the copy that was seen there last. */
  readonly copies: number[];
  readonly leaderships: Leaderships;
}

export class ClusterWorld {
  readonly parameters: ClusterParameters;
  readonly clock = new VirtualClock();
  readonly trace: Trace;
  readonly network: FaultyNetwork;
  readonly calls: Calls;
  readonly places: readonly WorkerPlace[];
  readonly controller: ControllerPlace;
  readonly keys: KeySpace;
  readonly log: OperationLog;
  readonly decisions: Decisions;
  /** Whoever wants to see messages between workers as they are sent, by slot. */
  readonly listeners: ((message: PeerMessage, from: number, to: number) => void)[] = [];
  /** Whoever wants to see what the controller tells. */
  readonly answerListeners: ((answer: HeartbeatAnswer) => void)[] = [];
  readonly #truths: readonly PartitionTruth[];
  /** By key and version without its fraction, entries as they were acknowledged. */
  readonly #acknowledged = new Map<string, Entry>();
  #violation: Violation | undefined;
  #steps = 0;

  constructor({ parameters, keepsTrace }: { parameters: ClusterParameters; keepsTrace: boolean }) {
    const { seed, workers, partitions } = parameters;
    this.parameters = parameters;
    this.trace = new Trace(() => this.clock.nowMs(), keepsTrace);
    this.network = new FaultyNetwork({
      ...{ nodes: workers + 1, clock: this.clock, parameters: parameters.network },
      random: createStream(seed, "network"),
      sent: (message, from, to) => this.#sent(message, from, to),
    });
    this.calls = new Calls({
      ...{ clock: this.clock, cuts: this.network.cuts, parameters: parameters.calls },
      random: createStream(seed, "calls"),
      delayMs: (from, to) => this.network.delayMs(from, to),
    });
    this.keys = spreadKeys(partitions, parameters.clients.keys);
    this.log = new OperationLog(() => this.clock.nowMs());
    this.decisions = new Decisions((rule, message) => this.broken(rule, message));
    this.places = Array.from({ length: workers }, (_, slot) => new WorkerPlace(this, slot));
    this.controller = new ControllerPlace(this, workers);
    this.#truths = Array.from({ length: partitions }, (_, partition) => this.#truthOf(partition));
  }

  /** The first promise that was broken. */
  get violation(): Violation | undefined {
    return this.#violation;
  }

  /** Steps of all processes together. */
  get steps(): number {
    return this.#steps;
  }

  get processes(): WorkerProcess[] {
    return this.places.flatMap(({ process }) => (process === undefined ? [] : [process]));
  }

  place(slot: number): WorkerPlace {
    const place = this.places[slot];
    if (place === undefined) {
      throw new Error(`there is no worker ${slot}`);
    }
    return place;
  }

  watchOf(key: string): StateWatch {
    return this.#truth(partitionOf(key, this.parameters.partitions)).watch;
  }

  /** This worker's copy of that number was up to date at some time. */
  hasHeld(worker: string, partition: number, copy: number): boolean {
    const slot = this.places.findIndex(({ id }) => id === worker);
    return this.#truth(partition).copies[slot] === copy;
  }

  broken(rule: Rule, message: string, key?: string): void {
    if (this.#violation === undefined) {
      this.#violation = { rule, message, key, atMs: this.clock.nowMs() };
      this.trace.tell(`BROKEN: ${message}`);
      for (const line of portrayCluster(this)) {
        this.trace.tell(line);
      }
    }
  }

  /** A process' own code has thrown what no client can have caused. */
  faulty(name: string, error: unknown): void {
    this.broken("crash", `${name}: ${error instanceof Error ? error.stack : String(error)}`);
  }

  /** Runs until it holds, or a promise is broken, or so much time has passed; true if it holds. */
  runUntil(holds: () => boolean, patienceMs: number): boolean {
    const over = () => this.#violation !== undefined || holds();
    return this.clock.runUntilNow(over, patienceMs) && this.#violation === undefined;
  }

  stepped({ slot, worker, place }: WorkerProcess): void {
    this.#steps += 1;
    const kept = place.disk && place.dropped.find(place.disk);
    if (kept !== undefined) {
      this.broken("dropped", `${place.id} keeps its copy of partition ${kept}`);
    }
    if (worker.node.journal.failure !== undefined) {
      // What is not on its disk it shows nobody.
      return;
    }
    for (const [partition, group] of worker.node.groups) {
      if (!group.blank) {
        const { watch, copies } = this.#truth(partition);
        const { copy } = group.record;
        if (copies[slot] !== copy) {
          copies[slot] = copy;
          watch.renewed(slot);
        }
        const { replica } = group;
        const epoch = group.leader?.epoch ?? group.follower.core.holding.epoch;
        watch.stepped({ slot, epoch, read: (key) => replica.get(key) });
      }
    }
  }

  controllerStepped(): void {
    this.#steps += 1;
  }

  died({ slot }: WorkerPlace): void {
    for (const { watch } of this.#truths) {
      watch.died(slot);
    }
  }

  /** The controller has told somebody this. */
  told(answer: HeartbeatAnswer): void {
    this.decisions.told(answer);
    for (const listener of this.answerListeners) {
      listener(answer);
    }
  }

  /** Said by the primary's own process: a write, or a removal that made an entry. */
  acknowledged({ name, place, gate }: WorkerProcess, answer: WriteAnswer): void {
    // What a process still does once it is dead reaches nobody.
    if (!gate.alive) {
      return;
    }
    const { entry } = answer;
    this.#acknowledged.set(publicName(entry), entry);
    const partition = partitionOf(entry.key, this.parameters.partitions);
    const asked = entry.value === undefined ? undefined : this.log.writerOf(entry.value);
    const sinceMs = asked?.invokedAtMs ?? this.clock.nowMs() - LINGERS_MS;
    const leader = { process: name, worker: place.id, answer, sinceMs };
    this.#truth(partition).leaderships.acknowledged(leader);
  }

  /** A client has been told that its removal made this entry. */
  removed(operation: LoggedOperation, entry: Entry): void {
    const exact = this.#acknowledged.get(publicName(entry));
    if (exact !== undefined) {
      this.watchOf(entry.key).removed(operation, exact);
    }
  }

  /** Removes a key at a process that may lead its partition, and sees which entry that makes. */
  async watchRemoval(
    process: WorkerProcess,
    key: string,
    remove: () => Promise<RemoveAnswer>,
  ): Promise<RemoveAnswer> {
    const partition = partitionOf(key, this.parameters.partitions);
    const standing = () => process.worker.node.groups.get(partition)?.replica.get(key);
    const before = standing();
    const removal = remove();
    const after = standing();
    const operation = this.#onlyRemoval(key);
    const isNew = after !== undefined && !isSame(after, before);
    if (isNew && after.value === undefined && operation) {
      this.watchOf(key).removed(operation, after);
    }
    const answer = await removal;
    const { existed, entry, acks, required, node } = answer;
    if (existed && entry !== undefined && (node === undefined || node === process.place.id)) {
      this.acknowledged(process, { entry, acks, required });
    }
    return answer;
  }

  /** The removal of this key that may be carried out now, if it is only one. */
  #onlyRemoval(key: string): LoggedOperation | undefined {
    const earliestMs = this.clock.nowMs() - LINGERS_MS;
    const possible = this.log.operations.filter(
      (each) =>
        each.kind === "delete" &&
        each.key === key &&
        each.outcome !== "refused" &&
        (each.outcome === undefined || each.invokedAtMs > earliestMs),
    );
    return possible.length === 1 ? possible[0] : undefined;
  }

  #truth(partition: number): PartitionTruth {
    return this.#truths[partition] as PartitionTruth;
  }

  #truthOf(partition: number): PartitionTruth {
    const { workers } = this.parameters;
    const keys = this.keys.all.filter(
      (key) => partitionOf(key, this.parameters.partitions) === partition,
    );
    const broken = (rule: Rule, message: string, key?: string) =>
      this.broken(rule, `partition ${partition}: ${message}`, key);
    const watch = new StateWatch({ nodes: workers, keys, log: this.log, broken });
    const heldAt = (slot: number, key: string, sinceMs: number) => {
      const { disk, diskLostAtMs } = this.place(slot);
      if (disk === undefined) {
        return watch.shownAt(slot, key);
      }
      return diskLostAtMs >= sinceMs ? "lost" : disk.read(key, partition);
    };
    return { keys, watch, copies: [], leaderships: new Leaderships({ workers, heldAt, broken }) };
  }

  #sent(message: PeerMessage, from: number, to: number): void {
    this.trace.note([from, to, message.type.length], () => `w${from} → w${to} ${summary(message)}`);
    for (const listener of this.listeners) {
      listener(message, from, to);
    }
  }
}

/** As clients see a version. */
function publicName({ key, epoch, sequence }: Entry): string {
  return `${Math.floor(epoch)}.${sequence} ${key}`;
}

function summary(message: PeerMessage): string {
  const { type, ...fields } = message;
  const text = JSON.stringify(fields);
  return `${type} ${text.length > 300 ? `${text.slice(0, 300)}…` : text}`;
}
