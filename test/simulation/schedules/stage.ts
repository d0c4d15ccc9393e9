/**
 * What a written schedule is played on: a group that has formed, with nothing going wrong but what
 * the schedule does. A step that does not come to pass ends the play, and the run goes on as others
 * do: a mistake may change what happens long before it does harm.
 */
import type { PeerMessage } from "../../../src/node/messages.ts";
import type { Clients } from "../clients.ts";
import { createStream } from "../draw.ts";
import { Operators } from "../misfortunes/operators.ts";
import { Victims } from "../misfortunes/victims.ts";
import { type LoggedOperation, nameOf } from "../truth/operation-log.ts";
import { waysBetween } from "../world/cuts.ts";
import type { World } from "../world/world.ts";

/**
 * Longer than a candidate waits for those who do not answer, shorter than it waits for promises.
 */
const STEP_MS_MAX = 2_500;

/** What the schedule waits for does not come. */
class OffScript extends Error {}

type Heal = () => void;

export class Stage {
  readonly world: World;
  readonly #clients: Clients;
  readonly #operators: Operators;
  readonly #heals: Heal[] = [];
  readonly #cues: ((message: PeerMessage, from: number, to: number) => void)[] = [];

  constructor(world: World, clients: Clients) {
    this.world = world;
    this.#clients = clients;
    const random = createStream(world.parameters.seed, "schedule");
    this.#operators = new Operators(world, random, new Victims(world, random));
    world.listeners.push((message, from, to) => {
      for (const cue of this.#cues) {
        cue(message, from, to);
      }
    });
  }

  /** Plays this; afterwards everybody runs and hears everybody. */
  play(schedule: (stage: Stage) => void): void {
    try {
      schedule(this);
    } catch (error) {
      if (!(error instanceof OffScript)) {
        throw error;
      }
      this.world.trace.tell(`off the script: ${error.message}`);
    }
    this.#cues.length = 0;
    for (const heal of this.#heals) {
      heal();
    }
    for (const member of this.world.members.filter(({ process }) => process === undefined)) {
      member.start();
    }
  }

  /** Goes on once this holds. */
  until(what: string, holds: () => boolean): void {
    const { world } = this;
    if (!world.runUntil(holds, STEP_MS_MAX)) {
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

  /** These and those hear nothing of each other. */
  cut(these: readonly number[], those: readonly number[]): Heal {
    return this.#cut(waysBetween(these, those));
  }

  /** What is under way between these is lost; both notice at once. */
  breakLink(one: number, other: number): void {
    const ends = [one, other];
    const isBetween = (here: number, there: number) => {
      return here !== there && ends.includes(here) && ends.includes(there);
    };
    this.world.network.breakLinks(isBetween, 0);
  }

  /** Nothing comes through from one to the other; the other way is open. */
  cutOneWay(from: number, to: number): Heal {
    return this.#cut([{ from, to }]);
  }

  /** Does this in the very moment in which the first such message goes out. */
  onceSent(type: PeerMessage["type"], from: number, to: number, act: () => void): void {
    let done = false;
    this.#cues.push((message, sender, receiver) => {
      if (!done && message.type === type && sender === from && receiver === to) {
        done = true;
        act();
      }
    });
  }

  kill(slot: number): void {
    this.world.member(slot).kill("process");
  }

  /** Its transaction is lost. */
  dieAtNextCommit(slot: number): void {
    const { disk } = this.world.member(slot);
    if (disk !== undefined) {
      disk.conditions.crash = "before";
    }
  }

  isRunning(slot: number): boolean {
    return this.world.member(slot).process !== undefined;
  }

  start(slot: number): void {
    this.world.member(slot).start();
  }

  /** It dies, forgets everything, and is back. */
  forget(slot: number): void {
    const member = this.world.member(slot);
    member.kill("process");
    member.loseDisk();
    member.start();
  }

  promote(slot: number): void {
    const { process } = this.world.member(slot);
    if (process !== undefined) {
      this.#operators.promote(process);
    }
  }

  changeQuorum(slot: number, writeQuorum: number): void {
    const { process } = this.world.member(slot);
    if (process !== undefined) {
      this.#operators.askForQuorum(process, writeQuorum);
    }
  }

  /** It takes nothing until the play is over. */
  fillDisk(slot: number): void {
    const { disk } = this.world.member(slot);
    if (disk !== undefined) {
      disk.conditions.full = true;
      this.#heals.push(() => {
        disk.conditions.full = false;
      });
    }
  }

  leads(slot: number): boolean {
    return this.world.member(slot).process?.service.status().role === "leader";
  }

  /** This one leads and these are up to date with it. */
  isFollowed(leader: number, followers: readonly number[]): boolean {
    const status = this.world.member(leader).process?.service.status();
    return followers.every((slot) =>
      status?.followers.some(({ node, connected, synced }) => {
        return node === `node${slot}` && connected && synced;
      }),
    );
  }

  /** A client asks this; the returned function tells whether it was answered with success. */
  ask(slot: number, kind: LoggedOperation["kind"], key: string): () => boolean {
    const client = this.world.parameters.clients.count;
    const operation = this.#clients.ask({ client, slot, kind, key });
    this.world.trace.tell(`a client asks node${slot}: ${kind} ${key} ${nameOf(operation.value)}`);
    return () => operation.outcome === "ok";
  }

  /** The sequence of what this node shows at the key; 0 where that is nothing. */
  sequenceAt(slot: number, key: string): number {
    return this.world.watch.shownAt(slot, key)?.sequence ?? 0;
  }

  #cut(ways: Parameters<World["network"]["cuts"]["cut"]>[0]): Heal {
    const heal = this.world.network.cuts.cut(ways);
    this.#heals.push(heal);
    this.world.trace.tell(`cut: ${ways.map(({ from, to }) => `${from}→${to}`).join(" ")}`);
    return heal;
  }
}
