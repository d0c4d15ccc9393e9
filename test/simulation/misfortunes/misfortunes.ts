/**
 * Brings a run's misfortunes about, each at its own rate, and makes an end of them all. What
 * names.ts lists is carried out here.
 */
import type { Random } from "../../../src/base/random.ts";
import { between, chance, createStream, logUniform, pick, untilNextMs } from "../draw.ts";
import { type Way, waysBetween } from "../world/cuts.ts";
import type { Death, Member } from "../world/member.ts";
import type { World } from "../world/world.ts";
import { Ambush } from "./ambush.ts";
import { halves, off, oneWay, pairs } from "./cut-patterns.ts";
import { MISFORTUNES, type MisfortuneName } from "./names.ts";
import { Operators } from "./operators.ts";
import { Plots } from "./plots.ts";
import { Victims } from "./victims.ts";

/** When all heals, who is dead is started within this. */
const REVIVE_EVERY_MS = 50;

export class Misfortunes {
  readonly #world: World;
  readonly #random: Random;
  readonly #victims: Victims;
  readonly #operators: Operators;
  readonly #plots: Plots;
  /** What ends those that last, if they have not ended by then. */
  readonly #ends = new Set<() => void>();
  readonly #actions: Record<MisfortuneName, () => void>;
  #working = true;
  #count = 0;

  constructor(world: World) {
    this.#world = world;
    this.#random = createStream(world.parameters.seed, "misfortunes");
    this.#victims = new Victims(world, this.#random);
    this.#operators = new Operators(world, this.#random, this.#victims);
    this.#plots = new Plots({
      ...{ world, random: this.#random, victims: this.#victims, operators: this.#operators },
      die: (member, death) => this.#die(member, death),
      forget: (member) => this.#forget(member),
      cut: (ways, what, forMs) => this.#cut(ways, what, forMs),
    });
    this.#actions = this.#createActions();
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  start(): void {
    this.#world.network.noisy = true;
    for (const name of Object.keys(MISFORTUNES) as MisfortuneName[]) {
      if (this.#world.parameters.rates[name] > 0) {
        this.#later(name);
      }
    }
    const ambush = new Ambush(this.#world, {
      victims: this.#victims,
      die: (member, death) => this.#die(member, death),
      forget: (member) => this.#forget(member),
      pause: (member) => this.#pause(member),
      cut: (ways, what) => this.#cut(ways, what),
    });
    this.#world.listeners.push((message, from, to) => {
      if (this.#working) {
        ambush.sent(message.type, from, to);
        this.#plots.sent(message.type, from, to);
      }
    });
  }

  /** Everything heals: every node runs, every disk works, everybody hears everybody. */
  heal(): void {
    this.#working = false;
    const { trace, clock, network, members } = this.#world;
    trace.tell("all heals");
    for (const end of [...this.#ends]) {
      end();
    }
    network.noisy = false;
    // One that was told to stop while it was paused ends only now.
    clock.every(REVIVE_EVERY_MS, () => {
      for (const member of members.filter(({ process }) => process === undefined)) {
        member.start();
      }
    });
    network.breakLinks(() => true, 0);
  }

  #later(name: MisfortuneName): void {
    const { clock, parameters } = this.#world;
    clock.after(untilNextMs(this.#random, parameters.rates[name]), () => {
      if (this.#working) {
        this.#count += 1;
        this.#actions[name]();
        this.#later(name);
      }
    });
  }

  #createActions(): Record<MisfortuneName, () => void> {
    const random = this.#random;
    const slots = this.#world.members.map(({ slot }) => slot);
    return {
      crash: () => this.#die(this.#victims.anyThatMayDie(), "process"),
      powerCut: () => this.#die(this.#victims.anyThatMayDie(), "machine"),
      restart: () => this.#restart(this.#victims.anyThatMayDie()),
      crashAtCommit: () => this.#crashAtCommit(this.#victims.anyThatMayDie()),
      diskLoss: () => this.#forget(this.#victims.anyThatMayForget()),
      diskFull: () => this.#fillDisk(this.#victims.anyRunning()),
      slowDisk: () => this.#slowDisk(this.#victims.anyRunning()),
      pause: () => this.#pause(this.#victims.anyRunning()),
      clockJump: () => this.#clockJump(this.#victims.anyRunning()),
      breakLinks: () => this.#breakLinks(),
      cutHalves: () => this.#cut(halves(random, slots), "cut in halves"),
      cutPairs: () => this.#cut(pairs(random, slots), "pairs are cut"),
      cutOneWay: () => this.#cut(oneWay(random, slots), "ways are cut"),
      cutRivals: () => this.#cutRivals(),
      cutOff: () => this.#cut(off(random, slots), "one is cut off"),
      promote: () => this.#operators.promoteOne(),
      promoteTwo: () => this.#operators.promoteTwo(),
      betrayal: () => this.#plots.betray(),
      exile: () => this.#plots.exile(),
      changeQuorum: () => this.#operators.changeQuorum(),
      changeDelay: () => this.#operators.changeDelay(),
    };
  }

  /** Ends by itself after a while, and at the latest when all heals. */
  #lasting(forMs: number, end: () => void): () => void {
    const once = () => {
      if (this.#ends.delete(once)) {
        end();
      }
    };
    this.#ends.add(once);
    this.#world.clock.after(forMs, once);
    return once;
  }

  #die(member: Member | undefined, death: Death): void {
    if (member !== undefined && this.#victims.mayDie(member)) {
      member.kill(death);
      this.#startLater(member);
    }
  }

  #forget(member: Member | undefined): void {
    if (member === undefined || !this.#victims.mayForget(member)) {
      return;
    }
    member.kill(chance(this.#random, 0.5) ? "process" : "machine");
    if (member.disk !== undefined) {
      member.loseDisk();
    }
    this.#startLater(member);
  }

  /** One that is paused can't be told to stop: it is killed. */
  #restart(member: Member | undefined): void {
    if (member?.process?.gate.running === true) {
      member.stopGently();
      this.#startLater(member);
    } else {
      this.#die(member, "process");
    }
  }

  /** Where it does not commit anything it lives. */
  #crashAtCommit(member: Member | undefined): void {
    const conditions = member?.disk?.conditions;
    if (member !== undefined && conditions !== undefined) {
      conditions.crash = pick(this.#random, ["before", "after"]);
      this.#world.trace.tell(`node${member.slot} will die ${conditions.crash} its next commit`);
      this.#startLater(member);
      this.#lasting(logUniform(this.#random, 10, 1_000), () => {
        conditions.crash = undefined;
      });
    }
  }

  /** Half of them come back at once, so that they are admitted while things still happen. */
  #startLater(member: Member): void {
    const random = this.#random;
    const downMs = chance(random, 0.5) ? logUniform(random, 1, 50) : logUniform(random, 50, 4_000);
    const { clock } = this.#world;
    clock.after(downMs, () => {
      if (this.#working && member.process === undefined) {
        member.start();
      }
    });
  }

  #fillDisk(member: Member | undefined): void {
    const conditions = member?.disk?.conditions;
    if (member !== undefined && conditions !== undefined) {
      conditions.full = true;
      this.#world.trace.tell(`node${member.slot}'s disk is full`);
      this.#lasting(logUniform(this.#random, 10, 3_000), () => {
        conditions.full = false;
      });
    }
  }

  #slowDisk(member: Member | undefined): void {
    const conditions = member?.disk?.conditions;
    if (member !== undefined && conditions !== undefined) {
      conditions.syncMs = logUniform(this.#random, 1, 300);
      const syncText = `${conditions.syncMs.toFixed(0)} ms`;
      this.#world.trace.tell(`node${member.slot}'s disk takes ${syncText} for a commit`);
      this.#lasting(logUniform(this.#random, 50, 3_000), () => {
        conditions.syncMs = 0;
      });
    }
  }

  #pause(member: Member | undefined): void {
    const process = member?.process;
    if (process !== undefined) {
      process.gate.stop();
      this.#world.trace.tell(`${process.name} is paused`);
      this.#lasting(logUniform(this.#random, 5, 5_000), () => {
        process.gate.resume();
        this.#world.trace.tell(`${process.name} goes on`);
      });
    }
  }

  #clockJump(member: Member | undefined): void {
    const process = member?.process;
    if (process === undefined) {
      return;
    }
    if (chance(this.#random, 0.5)) {
      process.clock.jump(logUniform(this.#random, 1, 20_000));
    } else {
      process.clock.changeRate(logUniform(this.#random, 0.5, 2));
    }
    this.#world.trace.tell(`${process.name}'s clock jumps or changes its speed`);
  }

  #breakLinks(): void {
    const random = this.#random;
    const slot = between(random, 0, this.#world.members.length - 1);
    const share = chance(random, 0.5) ? 1 : 0.3;
    const lateMs = chance(random, 0.5) ? 0 : logUniform(random, 1, 6_000);
    this.#world.trace.tell(`links of node${slot} break`);
    const picks = (one: number, other: number) =>
      (one === slot || other === slot) && chance(random, share);
    this.#world.network.breakLinks(picks, lateMs);
  }

  /** Those who lead or want to lead, all others hearing everything. */
  #cutRivals(): void {
    const rivals = this.#world.processes.flatMap(({ slot, service }) =>
      service.status().role === "follower" ? [] : [slot],
    );
    this.#cut(waysBetween(rivals, rivals), "rivals are cut");
  }

  /** Returns what heals it before its time. */
  #cut(ways: readonly Way[], what: string, forMs = this.#cutMs()): () => void {
    if (ways.length === 0) {
      return () => {};
    }
    const text = ways.map(({ from, to }) => `${from}→${to}`).join(" ");
    this.#world.trace.tell(`${what}: ${text}`);
    const heal = this.#world.network.cuts.cut(ways);
    return this.#lasting(forMs, () => {
      heal();
      this.#world.trace.tell(`heals: ${text}`);
    });
  }

  #cutMs(): number {
    return logUniform(this.#random, 5, 5_000);
  }
}
