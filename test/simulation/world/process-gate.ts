/**
 * What a process may do now. Everything that reaches a simulated node (a message, a timer, a
 * client's call) comes through its gate, as one step: while the process runs it is done at once,
 * while it is stopped or waits for its disk it is held in order, and once it is dead it is dropped.
 */
import { drainMicrotasks } from "bun:jsc";
import type { VirtualClock } from "../../support/virtual-clock.ts";

/** Thrown to leave a node's code where its process dies; nothing is to be concluded from it. */
export class ProcessKilled extends Error {
  constructor() {
    super("this process was killed");
    this.name = "ProcessKilled";
  }
}

export interface GateEvents {
  /** A step is over, and all promises that could go on have. */
  stepped(): void;
  /** The node's own code threw. */
  threw(error: unknown): void;
}

export class ProcessGate {
  readonly #clock: VirtualClock;
  readonly #events: GateEvents;
  #held: (() => void)[] = [];
  #stops = 0;
  #alive = true;
  #draining = false;
  #busyUntilMs = 0;

  constructor(clock: VirtualClock, events: GateEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Alive and not stopped. */
  get running(): boolean {
    return this.#alive && this.#stops === 0;
  }

  /** The moment, on the shared clock, that the process' own code has got to. */
  get nowMs(): number {
    return Math.max(this.#clock.nowMs(), this.#busyUntilMs);
  }

  /** Does this as one step of the process: now, or when it goes on, or never. */
  run(work: () => void): void {
    if (!this.#alive) {
      return;
    }
    if (this.#stops > 0 || this.#draining) {
      this.#held.push(work);
    } else {
      this.#step(work);
    }
  }

  /** The process does nothing until `resume`; stops add up. */
  stop(): void {
    this.#stops += 1;
  }

  resume(): void {
    this.#stops -= 1;
    if (this.#stops === 0 && this.#held.length > 0 && !this.#draining) {
      this.#draining = true;
      this.#clock.endOfTurn(() => this.#drain());
    }
  }

  /** Called from within a step: the rest of it happens so much later, and nothing meanwhile. */
  spend(ms: number): void {
    this.#busyUntilMs = this.nowMs + ms;
    this.stop();
    this.#clock.at(this.#busyUntilMs, () => this.resume());
  }

  /** It does nothing any more. */
  kill(): void {
    this.#alive = false;
    this.#held = [];
  }

  /** What was held comes first, each in a step of its own; what came meanwhile queues behind it. */
  #drain(): void {
    if (this.#stops > 0) {
      this.#draining = false;
      return;
    }
    const work = this.#held.shift();
    if (work === undefined || !this.#alive) {
      this.#draining = false;
      return;
    }
    this.#step(work);
    this.#clock.endOfTurn(() => this.#drain());
  }

  #step(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#threw(error);
    }
    drainMicrotasks();
    if (this.#alive) {
      this.#events.stepped();
    }
  }

  #threw(error: unknown): void {
    if (!(error instanceof ProcessKilled)) {
      this.#events.threw(error);
    }
  }
}
