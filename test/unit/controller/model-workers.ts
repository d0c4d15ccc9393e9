/**
 * Workers as far as a controller's decisions concern them: what each knows of the map, and for each
 * partition a copy with its promise, the generation that its state comes from, and its writes. What
 * takes messages and turns in truth happens here at once, by the same rules: a takeover needs the
 * promises of its own members and of each earlier set, a write enough members that hold it.
 */
import type { Assignment, Copy } from "../../../src/core/assignment.ts";
import type { CopyReport, FollowerReport, Heartbeat } from "../../../src/node/heartbeat.ts";

export interface ModelCopy {
  copy: number;
  blank: boolean;
  promised: number;
  /** The generation of the leader that it was last brought to the state of. */
  synced: number;
  writes: Set<number>;
  /** The generation that it leads, has led last; 0 none. */
  leads: number;
  led: number;
}

export interface ModelWorker {
  readonly id: string;
  instance: number;
  running: boolean;
  stopping: boolean;
  cutFromController: boolean;
  cutFromPeers: boolean;
  mapVersion: number;
  readonly map: Map<number, Assignment>;
  readonly copies: Map<number, ModelCopy>;
}

export class ModelWorkers {
  readonly all: ModelWorker[];
  readonly #writeQuorum: number;
  /** By partition. */
  readonly acknowledged: Set<number>[];
  /** `partition generation` that truly were open. */
  readonly opened = new Set<string>();
  /** `partition generation worker copy` that truly were up to date with their leader. */
  readonly upToDate = new Set<string>();
  #lastWrite = 0;

  constructor(count: number, partitions: number, writeQuorum: number) {
    this.#writeQuorum = writeQuorum;
    this.acknowledged = Array.from({ length: partitions }, () => new Set<number>());
    this.all = Array.from({ length: count }, (_, index) => ({
      id: `worker${index + 1}`,
      instance: 1,
      running: true,
      stopping: false,
      cutFromController: false,
      cutFromPeers: false,
      mapVersion: 0,
      map: new Map(),
      copies: new Map(),
    }));
  }

  heartbeat(worker: ModelWorker): Heartbeat {
    const copies = [...worker.copies].map(([partition, copy]): CopyReport => {
      return {
        partition,
        copy: copy.copy,
        blank: copy.blank,
        synced: copy.synced,
        leads: copy.leads === 0 ? undefined : this.#lead(worker, partition, copy),
      };
    });
    return {
      protocol: 1,
      id: worker.id,
      address: `http://${worker.id}:1`,
      cluster: "",
      instance: String(worker.instance),
      clusterId: undefined,
      settings: { partitions: 1, replicas: 1, writeQuorum: 1 },
      mapVersion: worker.mapVersion,
      stopping: worker.stopping,
      copies,
      complete: true,
    };
  }

  /** Takes in what a controller answers. */
  told(worker: ModelWorker, mapVersion: number, assignments: readonly Assignment[]): void {
    for (const assignment of assignments) {
      if ((worker.map.get(assignment.partition)?.revision ?? 0) < assignment.revision) {
        worker.map.set(assignment.partition, assignment);
        this.#follow(worker, assignment);
      }
    }
    worker.mapVersion = Math.max(worker.mapVersion, mapVersion);
  }

  crash(worker: ModelWorker): void {
    worker.running = false;
    for (const copy of worker.copies.values()) {
      copy.leads = 0;
    }
  }

  start(worker: ModelWorker): void {
    if (!worker.running) {
      worker.running = true;
      worker.stopping = false;
      worker.instance += 1;
    }
  }

  /** It forgets its writes. (That a promise is not forgotten with them is the notes' matter.) */
  wipe(worker: ModelWorker): void {
    this.crash(worker);
    for (const copy of worker.copies.values()) {
      Object.assign(copy, { blank: true, synced: 0, led: 0, writes: new Set() });
    }
  }

  /** What workers do about a partition: appointed ones take over, leaders bring others up. */
  turn(partition: number): void {
    for (const worker of this.all) {
      const assignment = worker.map.get(partition);
      if (worker.running && assignment?.primary === worker.id) {
        this.#takeOver(worker, assignment);
      }
    }
    for (const worker of this.all) {
      const assignment = worker.map.get(partition);
      if (worker.running && assignment !== undefined) {
        this.#bringUp(worker, assignment);
      }
    }
  }

  /** A write at whoever leads, to those that it reaches; `reached` says how many of them. */
  write(partition: number, reached: number): void {
    for (const worker of this.all) {
      const assignment = worker.map.get(partition);
      const own = worker.copies.get(partition);
      if (own === undefined || own.leads === 0 || assignment?.generation !== own.leads) {
        continue;
      }
      this.#lastWrite += 1;
      own.writes.add(this.#lastWrite);
      const holders = this.#reach(worker, assignment).filter(({ state }) => {
        return state.synced === own.leads && state.promised === own.leads;
      });
      for (const { state } of holders.slice(0, reached)) {
        state.writes.add(this.#lastWrite);
      }
      const holding = holders.slice(0, reached).filter(({ copy }) => {
        return assignment.members.includes(copy);
      });
      if (this.#isOpen(partition, own.leads) && holding.length + 1 >= this.#writeQuorum) {
        this.acknowledged[partition]?.add(this.#lastWrite);
      }
    }
  }

  #isOpen(partition: number, generation: number): boolean {
    return this.opened.has(`${partition} ${generation}`);
  }

  /** It keeps a copy where it is named, and deletes it where it is not any more. */
  #follow(worker: ModelWorker, assignment: Assignment): void {
    const sets = [assignment, ...assignment.earlier].map((one) => one.members);
    const named = [...sets.flat(), ...assignment.learners, ...assignment.retained];
    const numbers = named.filter((one) => one.worker === worker.id).map((one) => one.copy);
    if (numbers.length === 0) {
      worker.copies.delete(assignment.partition);
    } else {
      this.#number(worker, assignment.partition, Math.max(...numbers));
    }
  }

  /** Its copy under that number; undefined where it has a newer one. An older one is void. */
  #number(worker: ModelWorker, partition: number, number: number): ModelCopy | undefined {
    const own = worker.copies.get(partition);
    if (own === undefined || own.copy < number) {
      const promised = own?.promised ?? 0;
      const nothing = { blank: true, synced: 0, leads: 0, led: 0, writes: new Set<number>() };
      worker.copies.set(partition, { copy: number, promised, ...nothing });
    }
    const copy = worker.copies.get(partition);
    return copy?.copy === number ? copy : undefined;
  }

  #sees(worker: ModelWorker, other: ModelWorker): boolean {
    return other.running && (worker === other || !(worker.cutFromPeers || other.cutFromPeers));
  }

  #takeOver(worker: ModelWorker, assignment: Assignment): void {
    const { partition, generation, members, earlier } = assignment;
    const own = worker.copies.get(partition);
    const named = members.find((one) => one.worker === worker.id);
    if (own === undefined || own.copy !== named?.copy || own.leads === generation) {
      return;
    }
    if (own.promised > generation) {
      return;
    }
    own.leads = 0;
    if (own.led === generation && !own.blank) {
      own.leads = generation;
      return;
    }
    const givers = new Map<Copy, ModelCopy>();
    for (const copy of [members, ...earlier.map((one) => one.members)].flat()) {
      const state = this.#promise(worker, partition, generation, copy);
      if (state !== undefined) {
        givers.set(copy, state);
      }
    }
    if (earlier.length === 0 && members.every((one) => givers.get(one)?.blank === true)) {
      Object.assign(own, { blank: false, synced: generation });
      Object.assign(own, { leads: generation, led: generation });
      return;
    }
    const counts = (one: Copy) => givers.get(one)?.blank === false;
    const enough = [members, ...earlier.map((one) => one.members)].every((set) => {
      return set.filter(counts).length >= set.length - this.#writeQuorum + 1;
    });
    if (!enough || own.blank) {
      return;
    }
    const states = [...givers.values()].filter((one) => !one.blank);
    const newest = Math.max(...states.map((one) => one.synced));
    const sources = states.filter((one) => one.synced === newest);
    own.writes = new Set(sources.flatMap((one) => [...one.writes]));
    Object.assign(own, { synced: generation, leads: generation, led: generation });
    for (const write of this.acknowledged[partition] ?? []) {
      if (!own.writes.has(write)) {
        throw new Error(`partition ${partition}: generation ${generation} lost write ${write}`);
      }
    }
  }

  #promise(asker: ModelWorker, partition: number, generation: number, copy: Copy) {
    const giver = this.all.find((one) => one.id === copy.worker);
    if (giver === undefined || !this.#sees(asker, giver)) {
      return undefined;
    }
    if (isOutdated(giver, partition, generation)) {
      return undefined;
    }
    const state = this.#number(giver, partition, copy.copy);
    if (state === undefined || state.promised > generation) {
      return undefined;
    }
    state.promised = generation;
    state.leads = state.leads === generation ? generation : 0;
    return state;
  }

  #bringUp(worker: ModelWorker, assignment: Assignment): void {
    const { partition } = assignment;
    const own = worker.copies.get(partition);
    if (own === undefined || own.leads === 0 || assignment.generation !== own.leads) {
      return;
    }
    let synced = 1;
    for (const { copy, state } of this.#reach(worker, assignment)) {
      if (state.promised <= own.leads) {
        state.promised = own.leads;
        Object.assign(state, { blank: false, synced: own.leads, writes: new Set(own.writes) });
        this.upToDate.add(`${partition} ${own.leads} ${copy.worker} ${copy.copy}`);
        synced += assignment.members.includes(copy) ? 1 : 0;
      }
    }
    if (synced >= this.#writeQuorum) {
      this.opened.add(`${partition} ${own.leads}`);
    }
  }

  /** The copies that a leader's links lead to. */
  #reach(worker: ModelWorker, assignment: Assignment) {
    const { members, learners, partition } = assignment;
    return [...members, ...learners].flatMap((copy) => {
      const other = this.all.find((one) => one.id === copy.worker);
      if (other === undefined || other === worker || !this.#sees(worker, other)) {
        return [];
      }
      if (isOutdated(other, partition, assignment.generation)) {
        return [];
      }
      const state = this.#number(other, partition, copy.copy);
      return state === undefined ? [] : [{ copy, state }];
    });
  }

  #lead(worker: ModelWorker, partition: number, own: ModelCopy) {
    const assignment = worker.map.get(partition);
    const followers =
      assignment?.generation !== own.leads
        ? []
        : this.#reach(worker, assignment).map(({ copy, state }): FollowerReport => {
            const synced = state.synced === own.leads && !state.blank;
            return { worker: copy.worker, copy: copy.copy, connected: true, synced, lagEntries: 0 };
          });
    const open = this.#isOpen(partition, own.leads);
    const said = { open, founded: false, possibleLosses: 0 };
    return { generation: own.leads, epoch: own.leads, ...said, followers };
  }
}

/**
 * A worker that has heard of a newer generation refuses an older one. It is what is left of its
 * promise where it was dropped and has deleted its copy: an old leader would find a blank one.
 */
function isOutdated(worker: ModelWorker, partition: number, generation: number): boolean {
  return (worker.map.get(partition)?.generation ?? 0) > generation;
}
