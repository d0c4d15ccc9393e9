/**
 * What can befall a worker, the controller, and the ways between them, one at a time. All that
 * lasts ends by itself, or when all heals.
 */
import type { Random } from "../../../../src/base/random.ts";
import { between, chance, logUniform, pick } from "../../draw.ts";
import { type Way, waysBetween } from "../../world/cuts.ts";
import type { Death } from "../../world/member.ts";
import type { NodeClock } from "../../world/node-clock.ts";
import type { ProcessGate } from "../../world/process-gate.ts";
import type { ClusterWorld } from "../world/cluster-world.ts";
import type { WorkerPlace } from "../world/worker-place.ts";
import { usurp } from "./plots.ts";
import type { Victims } from "./victims.ts";

export class Blows {
  readonly #world: ClusterWorld;
  readonly #random: Random;
  readonly #victims: Victims;
  /** A process that has just woken is asked something by this. */
  readonly #woken: (slot: number) => void;
  /** What ends those that last, if they have not ended by then. */
  readonly #ends = new Set<() => void>();
  /** Not any more once all heals. */
  working = true;

  constructor(options: {
    readonly world: ClusterWorld;
    readonly random: Random;
    readonly victims: Victims;
    readonly woken: (slot: number) => void;
  }) {
    this.#world = options.world;
    this.#random = options.random;
    this.#victims = options.victims;
    this.#woken = options.woken;
  }

  /** Nothing befalls anybody any more. */
  endAll(): void {
    this.working = false;
    for (const end of [...this.#ends]) {
      end();
    }
  }

  /** One that leads something, mostly. */
  anyPrimary(): number {
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

  die(place: WorkerPlace | undefined, death: Death, downMs = this.#downMs()): void {
    if (place !== undefined && this.#victims.mayDie(place)) {
      place.kill(death);
      this.#startLater(place, downMs);
    }
  }

  forget(place: WorkerPlace | undefined): void {
    if (place === undefined || !place.added || !this.#victims.mayForget(place)) {
      return;
    }
    place.kill(chance(this.#random, 0.5) ? "process" : "machine");
    if (place.disk !== undefined) {
      place.loseDisk();
    }
    this.#startLater(place, this.#downMs());
  }

  /** One that is paused can't be told to stop: it is killed. */
  leave(place: WorkerPlace | undefined): void {
    if (place?.process?.gate.running === true) {
      place.leave();
      this.#startLater(place, this.#downMs());
    } else {
      this.die(place, "process");
    }
  }

  /** So long that others have replaced it, where they can. */
  absence(): void {
    const { heartbeatTimeoutMs } = this.#world.parameters.calls;
    const awayMs = heartbeatTimeoutMs * logUniform(this.#random, 1.5, 8);
    const place = this.#victims.anyThatMayDie();
    if (chance(this.#random, 0.6)) {
      this.die(place, chance(this.#random, 0.5) ? "process" : "machine", awayMs);
    } else if (place !== undefined) {
      const { places, controller } = this.#world;
      const others = [...places.map(({ slot }) => slot), controller.slot];
      this.cut(waysBetween([place.slot], others), "one is away", awayMs);
    }
  }

  usurp(): void {
    const ifWorking = (act: (place: WorkerPlace) => void) => (place: WorkerPlace) => {
      if (this.working) {
        act(place);
      }
    };
    usurp({
      ...{ world: this.#world, random: this.#random },
      die: ifWorking((place) => this.die(place, "process")),
      forget: ifWorking((place) => this.forget(place)),
      cut: (ways, what, forMs) => this.cut(ways, what, forMs),
    });
  }

  blackout(): void {
    this.#world.trace.tell("blackout");
    for (const place of this.#world.places) {
      this.die(place, "machine");
    }
    this.killController("machine");
  }

  /** Where it does not commit anything it lives. */
  crashAtCommit(place: WorkerPlace | undefined): void {
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
      if (this.working && place.process === undefined) {
        place.start();
      } else if (this.working && place.leaving) {
        this.#startLater(place, downMs);
      }
    });
  }

  killController(death: Death): void {
    if (this.working) {
      this.#world.controller.kill(death);
      this.startController();
    }
  }

  startController(): void {
    const { clock, controller } = this.#world;
    clock.after(this.#downMs(), () => {
      if (this.working && controller.process === undefined) {
        controller.start();
      }
    });
  }

  fillDisk(conditions: { full: boolean } | undefined, whose: string): void {
    if (conditions !== undefined) {
      conditions.full = true;
      this.#world.trace.tell(`${whose} disk is full`);
      this.#lasting(logUniform(this.#random, 10, 3_000), () => {
        conditions.full = false;
      });
    }
  }

  slowDisk(conditions: { syncMs: number } | undefined, whose: string): void {
    if (conditions !== undefined) {
      conditions.syncMs = logUniform(this.#random, 1, 300);
      this.#world.trace.tell(`${whose} disk takes ${conditions.syncMs.toFixed(0)} ms for a commit`);
      this.#lasting(logUniform(this.#random, 50, 3_000), () => {
        conditions.syncMs = 0;
      });
    }
  }

  pause(place: WorkerPlace | undefined): void {
    const process = place?.process;
    if (process !== undefined) {
      this.stop(process.gate, process.name, () => this.#woken(process.slot));
    }
  }

  stop(gate: ProcessGate, name: string, woken = () => {}): void {
    const { trace } = this.#world;
    gate.stop();
    trace.tell(`${name} is paused`);
    this.#lasting(logUniform(this.#random, 5, 5_000), () => {
      trace.tell(`${name} goes on`);
      gate.resume();
      woken();
    });
  }

  clockJump(process: { readonly name: string; readonly clock: NodeClock } | undefined): void {
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
  jumpOfController(): void {
    const { controller, trace } = this.#world;
    if (chance(this.#random, 0.5)) {
      this.clockJump(controller.process);
    } else {
      controller.wallAheadMs = between(this.#random, -1e9, 1e9);
      trace.tell("the wall clock of the controller jumps");
    }
  }

  breakLinks(): void {
    const random = this.#random;
    const { slot } = pick(random, this.#world.places);
    const share = chance(random, 0.5) ? 1 : 0.3;
    const lateMs = chance(random, 0.5) ? 0 : logUniform(random, 1, 6_000);
    this.#world.trace.tell(`links of w${slot} break`);
    const picks = (one: number, other: number) =>
      (one === slot || other === slot) && chance(random, share);
    this.#world.network.breakLinks(picks, lateMs);
  }

  slowLinks(slot: number): void {
    const factor = logUniform(this.#random, 5, 500);
    this.#world.trace.tell(`ways of ${slot} take ${factor.toFixed(0)} times as long`);
    const end = this.#world.network.slowDown(slot, factor);
    this.#lasting(logUniform(this.#random, 50, 3_000), end);
  }

  cut(ways: readonly Way[], what: string, forMs = logUniform(this.#random, 5, 5_000)): void {
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
