/**
 * Brings a run's misfortunes about, each at its own rate, and makes an end of them all. What
 * names.ts lists is carried out here.
 */
import type { Random } from "../../../../src/base/random.ts";
import { chance, createStream, pick, untilNextMs } from "../../draw.ts";
import { halves, off, oneWay, pairs } from "../../misfortunes/cut-patterns.ts";
import { waysBetween } from "../../world/cuts.ts";
import type { ClusterWorld } from "../world/cluster-world.ts";
import { Ambush } from "./ambush.ts";
import { Blows } from "./blows.ts";
import { MISFORTUNES, type MisfortuneName } from "./names.ts";
import { drainWorker, undrainAll } from "./operators.ts";
import { Victims } from "./victims.ts";

/** When all heals, who is dead is started within this. */
const REVIVE_EVERY_MS = 50;

export class Misfortunes {
  readonly #world: ClusterWorld;
  readonly #random: Random;
  readonly #victims: Victims;
  readonly #blows: Blows;
  readonly #actions: Record<MisfortuneName, () => void>;
  #count = 0;

  /** `woken`: a process that has just woken is asked something by this. */
  constructor(world: ClusterWorld, woken: (slot: number) => void) {
    this.#world = world;
    this.#random = createStream(world.parameters.seed, "misfortunes");
    this.#victims = new Victims(world, this.#random);
    this.#blows = new Blows({ world, random: this.#random, victims: this.#victims, woken });
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
      die: (place, death) => this.#blows.die(place, death),
      forget: (place) => this.#blows.forget(place),
      pause: (place) => this.#blows.pause(place),
      cut: (ways, what) => this.#blows.cut(ways, what),
      killController: (death) => this.#blows.killController(death),
    });
    listeners.push((message, from, to) => {
      if (this.#blows.working) {
        ambush.sent(message.type, from, to);
      }
    });
    answerListeners.push(({ assignments }) => {
      if (this.#blows.working && assignments.length > 0) {
        ambush.decided();
      }
    });
  }

  /**
   * Everything heals: every process runs, every disk works, everybody hears everybody. Who dies is
   * started again until the returned function is called.
   */
  heal(): () => void {
    const { trace, clock, network, calls, places, controller } = this.#world;
    trace.tell("all heals");
    this.#blows.endAll();
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
      if (this.#blows.working) {
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
        if (this.#blows.working && place.process === undefined) {
          place.start();
        }
      });
    }
  }

  #toProcesses() {
    const victims = this.#victims;
    return {
      crash: () => this.#blows.die(victims.anyThatMayDie(), "process"),
      powerCut: () => this.#blows.die(victims.anyThatMayDie(), "machine"),
      crashTwo: () => {
        this.#blows.die(victims.anyThatMayDie(), "process");
        this.#blows.die(victims.anyThatMayDie(), "process");
      },
      blackout: () => this.#blows.blackout(),
      leave: () => this.#blows.leave(victims.anyThatMayLeave()),
      absence: () => this.#blows.absence(),
      crashAtCommit: () => this.#blows.crashAtCommit(victims.anyThatMayDie()),
      diskLoss: () => this.#blows.forget(victims.anyThatMayForget()),
      diskFull: () => this.#blows.fillDisk(victims.anyRunning()?.disk?.conditions, "a worker's"),
      slowDisk: () => this.#blows.slowDisk(victims.anyRunning()?.disk?.conditions, "a worker's"),
      pause: () => this.#blows.pause(victims.anyRunning()),
      clockJump: () => this.#blows.clockJump(victims.anyRunning()?.process),
      drain: () => drainWorker(this.#world, this.#random),
      usurpation: () => this.#blows.usurp(),
    };
  }

  #toWays() {
    const random = this.#random;
    const { slot: controller } = this.#world.controller;
    const workers = this.#world.places.map(({ slot }) => slot);
    const everybody = [...workers, controller];
    const fromPeers = () => {
      const alone = this.#blows.anyPrimary();
      return waysBetween(
        [alone],
        workers.filter((slot) => slot !== alone),
      );
    };
    return {
      breakLinks: () => this.#blows.breakLinks(),
      slowLinks: () => this.#blows.slowLinks(pick(random, everybody)),
      cutHalves: () => this.#blows.cut(halves(random, everybody), "cut in halves"),
      cutPairs: () => this.#blows.cut(pairs(random, everybody), "pairs are cut"),
      cutOneWay: () => this.#blows.cut(oneWay(random, everybody), "ways are cut"),
      cutOff: () => this.#blows.cut(off(random, everybody), "one is cut off"),
      cutFromController: () => {
        this.#blows.cut(
          waysBetween([this.#blows.anyPrimary()], [controller]),
          "cut from the controller",
        );
      },
      cutFromPeers: () => this.#blows.cut(fromPeers(), "cut from its peers"),
    };
  }

  #toController() {
    const { controller } = this.#world;
    return {
      controllerCrash: () => {
        this.#blows.killController(chance(this.#random, 0.7) ? "process" : "machine");
      },
      controllerCrashAtCommit: () => {
        controller.conditions.crash = pick(this.#random, ["before", "after"]);
        this.#blows.startController();
      },
      controllerDiskFull: () => this.#blows.fillDisk(controller.conditions, "the controller's"),
      controllerSlowDisk: () => this.#blows.slowDisk(controller.conditions, "the controller's"),
      controllerPause: () => {
        const { process } = controller;
        if (process !== undefined) {
          this.#blows.stop(process.gate, process.name);
        }
      },
      controllerClockJump: () => this.#blows.jumpOfController(),
    };
  }
}
