/**
 * Brings a run's misfortunes about, each at its own rate, and makes an end of them all. What
 * names.ts lists is carried out here.
 */
import type { Random } from "../../../../src/base/random.ts";
import { between, chance, createStream, logUniform, pick, untilNextMs } from "../../draw.ts";
import { halves, off, oneWay, pairs } from "../../misfortunes/cut-patterns.ts";
import { type Way, waysBetween } from "../../world/cuts.ts";
import type { Death } from "../../world/member.ts";
import type { NodeClock } from "../../world/node-clock.ts";
import type { ProcessGate } from "../../world/process-gate.ts";
import type { ClusterWorld } from "../world/cluster-world.ts";
import type { WorkerPlace } from "../world/worker-place.ts";
import { Ambush } from "./ambush.ts";
import { MISFORTUNES, type MisfortuneName } from "./names.ts";
import { drainWorker, undrainAll } from "./operators.ts";
import { usurp } from "./plots.ts";
import { Victims } from "./victims.ts";

/** When all heals, who is dead is started within this. */
const REVIVE_EVERY_MS = 50;

export class Misfortunes {
  readonly #world: ClusterWorld;
  readonly #random: Random;
  readonly #victims: Victims;
  /** What ends those that last, if they have not ended by then. */
  readonly #ends = new Set<() => void>();
  readonly #actions: Record<MisfortuneName, () => void>;
  /** A process that has just woken is asked something by this. */
  readonly #woken: (slot: number) => void;
  #working = true;
  #count = 0;

  constructor(world: ClusterWorld, woken: (slot: number) => void) {
    this.#world = world;
    this.#woken = woken;
    this.#random = createStream(world.parameters.seed, "misfortunes");
    this.#victims = new Victims(world, this.#random);
    this.#actions = { ...this.#toProcesses(), ...this.#toWays(), ...this.#toController() };
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  start(): void {
    const { network, calls, parameters, listeners, answerListeners } = this.#world;
    network.noisy = true;
    calls.rough = true;
    for (const name of Object.keys(MISFORTUNES) as MisfortuneName[]) {
      if (parameters.rates[name] > 0) {
        this.#later(name);
      }
    }
    this.#addLateWorkers();
    const ambush = new Ambush(this.#world, {
      victims: this.#victims,
      die: (place, death) => this.#die(place, death),
      forget: (place) => this.#forget(place),
      pause: (place) => this.#pause(place),
      cut: (ways, what) => this.#cut(ways, what),
      killController: (death) => this.#killController(death),
    });
    listeners.push((message, from, to) => {
      if (this.#working) {
        ambush.sent(message.type, from, to);
      }
    });
    answerListeners.push(({ assignments }) => {
      if (this.#working && assignments.length > 0) {
        ambush.decided();
      }
    });
  }

  /**
   * Everything heals: every process runs, every disk works, everybody hears everybody. Who dies is
   * started again until the returned function is called.
   */
  heal(): () => void {
    this.#working = false;
    const { trace, clock, network, calls, places, controller } = this.#world;
    trace.tell("all heals");
    for (const end of [...this.#ends]) {
      end();
    }
    network.noisy = false;
    calls.rough = false;
    const revive = () => {
      // One that was told to stop while it was paused ends only now.
      for (const place of places.filter(({ process }) => process === undefined)) {
        place.start();
      }
      if (controller.process === undefined) {
        controller.start();
      }
    };
    const stopReviving = clock.every(REVIVE_EVERY_MS, revive);
    network.breakLinks(() => true, 0);
    undrainAll(this.#world, this.#random);
    return stopReviving;
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

  #addLateWorkers(): void {
    const { clock, places, parameters } = this.#world;
    for (const place of places.filter(({ added }) => !added)) {
      clock.after(this.#random.next() * parameters.faultsMs, () => {
        if (this.#working && place.process === undefined) {
          place.start();
        }
      });
    }
  }

  #toProcesses() {
    const victims = this.#victims;
    return {
      crash: () => this.#die(victims.anyThatMayDie(), "process"),
      powerCut: () => this.#die(victims.anyThatMayDie(), "machine"),
      crashTwo: () => {
        this.#die(victims.anyThatMayDie(), "process");
        this.#die(victims.anyThatMayDie(), "process");
      },
      blackout: () => this.#blackout(),
      leave: () => this.#leave(victims.anyThatMayDie()),
      absence: () => this.#absence(),
      crashAtCommit: () => this.#crashAtCommit(victims.anyThatMayDie()),
      diskLoss: () => this.#forget(victims.anyThatMayForget()),
      diskFull: () => this.#fillDisk(victims.anyRunning()?.disk?.conditions, "a worker's"),
      slowDisk: () => this.#slowDisk(victims.anyRunning()?.disk?.conditions, "a worker's"),
      pause: () => this.#pause(victims.anyRunning()),
      clockJump: () => this.#clockJump(victims.anyRunning()?.process),
      drain: () => drainWorker(this.#world, this.#random),
      usurpation: () => this.#usurp(),
    };
  }

  #toWays() {
    const random = this.#random;
    const { slot: controller } = this.#world.controller;
    const workers = this.#world.places.map(({ slot }) => slot);
    const everybody = [...workers, controller];
    const fromPeers = () => {
      const alone = this.#anyPrimary();
      return waysBetween(
        [alone],
        workers.filter((slot) => slot !== alone),
      );
    };
    return {
      breakLinks: () => this.#breakLinks(),
      slowLinks: () => this.#slowLinks(pick(random, everybody)),
      cutHalves: () => this.#cut(halves(random, everybody), "cut in halves"),
      cutPairs: () => this.#cut(pairs(random, everybody), "pairs are cut"),
      cutOneWay: () => this.#cut(oneWay(random, everybody), "ways are cut"),
      cutOff: () => this.#cut(off(random, everybody), "one is cut off"),
      cutFromController: () => {
        this.#cut(waysBetween([this.#anyPrimary()], [controller]), "cut from the controller");
      },
      cutFromPeers: () => this.#cut(fromPeers(), "cut from its peers"),
    };
  }

  #toController() {
    const { controller } = this.#world;
    return {
      controllerCrash: () => {
        this.#killController(chance(this.#random, 0.7) ? "process" : "machine");
      },
      controllerCrashAtCommit: () => {
        controller.conditions.crash = pick(this.#random, ["before", "after"]);
        this.#startController();
      },
      controllerDiskFull: () => this.#fillDisk(controller.conditions, "the controller's"),
      controllerSlowDisk: () => this.#slowDisk(controller.conditions, "the controller's"),
      controllerPause: () => {
        const { process } = controller;
        if (process !== undefined) {
          this.#stop(process.gate, process.name);
        }
      },
      controllerClockJump: () => this.#jumpOfController(),
    };
  }

  /** One that leads something, mostly. */
  #anyPrimary(): number {
    const random = this.#random;
    const { processes, places } = this.#world;
    const leading = processes.filter(({ worker }) =>
      [...worker.node.groups.values()].some(({ leader }) => leader !== undefined),
    );
    return leading.length > 0 && chance(random, 0.7)
      ? pick(random, leading).slot
      : pick(random, places).slot;
  }

  /** Ends by itself after a while, and at the latest when all heals. */
  #lasting(forMs: number, end: () => void): void {
    const once = () => {
      if (this.#ends.delete(once)) {
        end();
      }
    };
    this.#ends.add(once);
    this.#world.clock.after(forMs, once);
  }

  #die(place: WorkerPlace | undefined, death: Death, downMs = this.#downMs()): void {
    if (place !== undefined && this.#victims.mayDie(place)) {
      if (!this.#world.parameters.durable) {
        this.#victims.forgets(place);
      }
      place.kill(death);
      this.#startLater(place, downMs);
    }
  }

  #forget(place: WorkerPlace | undefined): void {
    if (place === undefined || !place.added || !this.#victims.mayForget(place)) {
      return;
    }
    this.#victims.forgets(place);
    place.kill(chance(this.#random, 0.5) ? "process" : "machine");
    if (place.disk !== undefined) {
      place.loseDisk();
    }
    this.#startLater(place, this.#downMs());
  }

  /** One that is paused can't be told to stop: it is killed. */
  #leave(place: WorkerPlace | undefined): void {
    if (place?.process?.gate.running === true) {
      this.#victims.forgets(place);
      place.leave();
      this.#startLater(place, this.#downMs());
    } else {
      this.#die(place, "process");
    }
  }

  /** So long that others have replaced it, where they can. */
  #absence(): void {
    const { heartbeatTimeoutMs } = this.#world.parameters.calls;
    const awayMs = heartbeatTimeoutMs * logUniform(this.#random, 1.5, 8);
    const place = this.#victims.anyThatMayDie();
    if (chance(this.#random, 0.6)) {
      this.#die(place, chance(this.#random, 0.5) ? "process" : "machine", awayMs);
    } else if (place !== undefined) {
      const { places, controller } = this.#world;
      const others = [...places.map(({ slot }) => slot), controller.slot];
      this.#cut(waysBetween([place.slot], others), "one is away", awayMs);
    }
  }

  #usurp(): void {
    const ifWorking = (act: (place: WorkerPlace) => void) => (place: WorkerPlace) => {
      if (this.#working) {
        act(place);
      }
    };
    usurp({
      ...{ world: this.#world, random: this.#random },
      die: ifWorking((place) => this.#die(place, "process")),
      forget: ifWorking((place) => this.#forget(place)),
      cut: (ways, what, forMs) => this.#cut(ways, what, forMs),
    });
  }

  #blackout(): void {
    this.#world.trace.tell("blackout");
    for (const place of this.#world.places) {
      this.#die(place, "machine");
    }
    this.#killController("machine");
  }

  /** Where it does not commit anything it lives. */
  #crashAtCommit(place: WorkerPlace | undefined): void {
    const conditions = place?.disk?.conditions;
    if (place !== undefined && conditions !== undefined) {
      conditions.crash = pick(this.#random, ["before", "after"]);
      this.#world.trace.tell(`${place.id} will die ${conditions.crash} its next commit`);
      this.#startLater(place, this.#downMs());
      this.#lasting(logUniform(this.#random, 10, 1_000), () => {
        conditions.crash = undefined;
      });
    }
  }

  /** Half of them come back at once, the others perhaps when they have been replaced. */
  #downMs(): number {
    const random = this.#random;
    return chance(random, 0.5) ? logUniform(random, 1, 50) : logUniform(random, 50, 6_000);
  }

  #startLater(place: WorkerPlace, downMs: number): void {
    this.#world.clock.after(downMs, () => {
      if (this.#working && place.process === undefined) {
        place.start();
      } else if (this.#working && place.leaving) {
        this.#startLater(place, downMs);
      }
    });
  }

  #killController(death: Death): void {
    if (this.#working) {
      this.#world.controller.kill(death);
      this.#startController();
    }
  }

  #startController(): void {
    const { clock, controller } = this.#world;
    clock.after(this.#downMs(), () => {
      if (this.#working && controller.process === undefined) {
        controller.start();
      }
    });
  }

  #fillDisk(conditions: { full: boolean } | undefined, whose: string): void {
    if (conditions !== undefined) {
      conditions.full = true;
      this.#world.trace.tell(`${whose} disk is full`);
      this.#lasting(logUniform(this.#random, 10, 3_000), () => {
        conditions.full = false;
      });
    }
  }

  #slowDisk(conditions: { syncMs: number } | undefined, whose: string): void {
    if (conditions !== undefined) {
      conditions.syncMs = logUniform(this.#random, 1, 300);
      this.#world.trace.tell(`${whose} disk takes ${conditions.syncMs.toFixed(0)} ms for a commit`);
      this.#lasting(logUniform(this.#random, 50, 3_000), () => {
        conditions.syncMs = 0;
      });
    }
  }

  #pause(place: WorkerPlace | undefined): void {
    const process = place?.process;
    if (process !== undefined) {
      this.#stop(process.gate, process.name, () => this.#woken(process.slot));
    }
  }

  #stop(gate: ProcessGate, name: string, woken = () => {}): void {
    const { trace } = this.#world;
    gate.stop();
    trace.tell(`${name} is paused`);
    this.#lasting(logUniform(this.#random, 5, 5_000), () => {
      trace.tell(`${name} goes on`);
      gate.resume();
      woken();
    });
  }

  #clockJump(process: { readonly name: string; readonly clock: NodeClock } | undefined): void {
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

  /** Its own, or the one on the wall, in either direction. */
  #jumpOfController(): void {
    const { controller, trace } = this.#world;
    if (chance(this.#random, 0.5)) {
      this.#clockJump(controller.process);
    } else {
      controller.wallAheadMs = between(this.#random, -1e9, 1e9);
      trace.tell("the wall clock of the controller jumps");
    }
  }

  #breakLinks(): void {
    const random = this.#random;
    const { slot } = pick(random, this.#world.places);
    const share = chance(random, 0.5) ? 1 : 0.3;
    const lateMs = chance(random, 0.5) ? 0 : logUniform(random, 1, 6_000);
    this.#world.trace.tell(`links of w${slot} break`);
    const picks = (one: number, other: number) =>
      (one === slot || other === slot) && chance(random, share);
    this.#world.network.breakLinks(picks, lateMs);
  }

  #slowLinks(slot: number): void {
    const factor = logUniform(this.#random, 5, 500);
    this.#world.trace.tell(`ways of ${slot} take ${factor.toFixed(0)} times as long`);
    const end = this.#world.network.slowDown(slot, factor);
    this.#lasting(logUniform(this.#random, 50, 3_000), end);
  }

  #cut(ways: readonly Way[], what: string, forMs = logUniform(this.#random, 5, 5_000)): void {
    if (ways.length === 0) {
      return;
    }
    const text = ways.map(({ from, to }) => `${from}→${to}`).join(" ");
    this.#world.trace.tell(`${what}: ${text}`);
    const heal = this.#world.network.cuts.cut(ways);
    this.#lasting(forMs, () => {
      heal();
      this.#world.trace.tell(`heals: ${text}`);
    });
  }
}
