/**
 * What a written schedule is played on: a cluster of one partition that has formed, with nothing
 * going wrong but what the schedule does. Its workers are called by letters, in the order in which
 * rendezvous hashing wants them: "A" leads, and the first REPLICAS of them are members. A step that
 * does not come to pass ends the play, and the run goes on as others do.
 */
import type { Assignment } from "../../../../src/core/assignment.ts";
import { Candidates } from "../../../../src/core/placement.ts";
import type { Group } from "../../../../src/node/group.ts";
import { type LoggedOperation, nameOf } from "../../truth/operation-log.ts";
import { type Way, waysBetween } from "../../world/cuts.ts";
import type { Clients } from "../clients.ts";
import { drain } from "../misfortunes/operators.ts";
import type { ClusterWorld } from "../world/cluster-world.ts";
import type { WorkerPlace } from "../world/worker-place.ts";

const STEP_MS_MAX = 6_000;
/** How often somebody writes, where somebody writes all the time. */
const WRITE_EVERY_MS = 5;
/** The one partition, and the controller among the letters. */
const PARTITION = 0;
const CONTROLLER = "*";

/** What the schedule waits for does not come. */
class OffScript extends Error {}

export class ClusterStage {
  readonly world: ClusterWorld;
  readonly #clients: Clients;
  readonly #order: readonly WorkerPlace[];
  readonly #heals: (() => void)[] = [];

  constructor(world: ClusterWorld, clients: Clients) {
    this.world = world;
    this.#clients = clients;
    this.#order = inOrder(world.places);
  }

  /** Plays this; afterwards everybody runs and hears everybody. */
  play(schedule: (stage: ClusterStage) => void): void {
    const { world } = this;
    try {
      schedule(this);
    } catch (error) {
      if (!(error instanceof OffScript)) {
        throw error;
      }
      world.trace.tell(`off the script: ${error.message}`);
    }
    for (const heal of this.#heals) {
      heal();
    }
    for (const place of world.places.filter(({ process }) => process === undefined)) {
      place.start();
    }
    if (world.controller.process === undefined) {
      world.controller.start();
    }
  }

  /** The worker of this letter. */
  at(letter: string): WorkerPlace {
    const place = this.#order[letter.charCodeAt(0) - "A".charCodeAt(0)];
    if (place === undefined) {
      throw new Error(`there is no worker ${letter}`);
    }
    return place;
  }

  /** Its copy of the partition; undefined where it has none or does not run. */
  group(letter: string): Group | undefined {
    return this.at(letter).process?.worker.node.groups.get(PARTITION);
  }

  /** The newest decision that is stored. */
  get decided(): Assignment {
    const newest = this.world.decisions.newest.get(PARTITION);
    if (newest === undefined) {
      throw new Error("the partition is placed before a schedule begins");
    }
    return newest;
  }

  /** The controller has not heard it for too long. */
  isDown(letter: string): boolean {
    const { process } = this.world.controller;
    return process?.controller.state?.byId.get(this.at(letter).id)?.life === "down";
  }

  /** The newest generation holds all that earlier ones did, and nobody learns. */
  get isSettled(): boolean {
    const { earlier, learners } = this.decided;
    return earlier.length === 0 && learners.length === 0;
  }

  /** It leads and is open. */
  leads(letter: string): boolean {
    return this.group(letter)?.leader?.open === true;
  }

  /** Whether these letters, and no others, are members by the newest decision. */
  membersAre(letters: string): boolean {
    const ids = [...letters].map((letter) => this.at(letter).id).sort();
    const members = this.decided.members.map(({ worker }) => worker).sort();
    return ids.join() === members.join();
  }

  /** Those members that the leader at this letter holds up to date. */
  isFollowedBy(letter: string, followers: string): boolean {
    const seen = this.group(letter)?.report().leads?.followers ?? [];
    return [...followers].every((other) =>
      seen.some(({ worker, connected, synced }) => {
        return worker === this.at(other).id && connected && synced;
      }),
    );
  }

  /** Goes on once this holds. */
  until(what: string, holds: () => boolean): void {
    if (!this.world.runUntil(holds, STEP_MS_MAX)) {
      throw new OffScript(`never ${what}`);
    }
  }

  /** So much time passes; a promise that is broken meanwhile ends the play. */
  pass(ms: number): void {
    this.world.clock.advanceNow(ms);
    if (this.world.violation !== undefined) {
      throw new OffScript("a promise is broken");
    }
  }

  /** These and those hear nothing of each other; "*" is the controller. */
  cut(these: string, those: string): () => void {
    return this.#cut(waysBetween(this.#slots(these), this.#slots(those)));
  }

  /** Nothing comes through from one to the others; the other way is open. */
  cutOneWay(from: string, to: string): () => void {
    const [slot] = this.#slots(from) as [number];
    return this.#cut(this.#slots(to).map((other) => ({ from: slot, to: other })));
  }

  /** What is under way between these and those is lost; all notice at once. */
  breakLinks(these: string, those: string): void {
    const [here, there] = [this.#slots(these), this.#slots(those)];
    this.world.network.breakLinks((one, other) => {
      return here.includes(one)
        ? there.includes(other)
        : here.includes(other) && there.includes(one);
    }, 0);
  }

  kill(letter: string): void {
    this.at(letter).kill("process");
  }

  /** It dies, forgets everything, and is back. */
  forget(letter: string): void {
    const place = this.at(letter);
    place.kill("process");
    place.loseDisk();
    place.start();
  }

  start(letter: string): void {
    this.at(letter).start();
  }

  /** Somebody wants this worker emptied, or no longer. */
  drain(letter: string, draining = true): void {
    drain(this.world, this.at(letter).id, draining);
  }

  /** A client asks this; the returned function tells whether it was answered with success. */
  ask(letter: string, kind: LoggedOperation["kind"], key: string): () => boolean {
    const client = this.world.parameters.clients.count;
    const { slot } = this.at(letter);
    const operation = this.#clients.ask({ client, slot, kind, key });
    this.world.trace.tell(`a client asks ${letter}: ${kind} ${key} ${nameOf(operation.value)}`);
    return () => operation.outcome === "ok";
  }

  /** While this goes on clients write all the time, at these workers, and none of them may fail. */
  steadily(letters: string, act: () => void): void {
    const { world } = this;
    const client = world.parameters.clients.count;
    let going = true;
    let asked = 0;
    const done = (operation: LoggedOperation) => {
      if (operation.outcome !== "ok") {
        const { returnedAtMs, outcome } = operation;
        const what = `${nameOf(operation.value)} was ${outcome} at ${returnedAtMs?.toFixed(0)} ms`;
        world.broken("moves", what, operation.key);
      }
    };
    const next = () => {
      if (going) {
        const { slot } = this.at(letters[asked++ % letters.length] as string);
        this.#clients.ask({ client, slot, kind: "write", key: this.key, done });
        world.clock.after(WRITE_EVERY_MS, next);
      }
    };
    next();
    try {
      act();
    } finally {
      going = false;
      world.runUntil(() => this.#clients.underWay === 0, STEP_MS_MAX);
    }
  }

  /** It is told to stop, as by a person. */
  leave(letter: string): void {
    this.at(letter).leave();
  }

  get key(): string {
    return this.world.keys.staged;
  }

  #slots(letters: string): number[] {
    return [...letters].map((letter) =>
      letter === CONTROLLER ? this.world.controller.slot : this.at(letter).slot,
    );
  }

  #cut(ways: readonly Way[]): () => void {
    const heal = this.world.network.cuts.cut(ways);
    this.#heals.push(heal);
    this.world.trace.tell(`cut: ${ways.map(({ from, to }) => `${from}→${to}`).join(" ")}`);
    return heal;
  }
}

function inOrder(places: readonly WorkerPlace[]): readonly WorkerPlace[] {
  const slots = new Int32Array(places.length);
  const scores = new Float64Array(places.length);
  new Candidates(places).best(PARTITION, places.length, { slots, scores, at: 0 });
  return [...slots].map((slot) => places[slot] as WorkerPlace);
}
