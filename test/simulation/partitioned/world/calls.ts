/**
 * Calls that are no links: heartbeats and forwarded requests, each a question and an answer that
 * travel by themselves over the ways of the same network. Either may be lost or come very late, a
 * question may come twice, nobody may listen there, and who was asked may die over it. A call that
 * its caller has given up may still come to be carried out.
 */
import type { Random } from "../../../../src/base/random.ts";
import type { VirtualClock } from "../../../support/virtual-clock.ts";
import { chance, logUniform } from "../../draw.ts";
import type { Cuts } from "../../world/cuts.ts";
import type { Host } from "../../world/faulty-link.ts";
import type { CallParameters } from "../parameters.ts";

/** What became of a call, as whoever made it can know. */
export type Returned<T> =
  | { readonly kind: "answer"; readonly answer: T }
  | { readonly kind: "threw"; readonly error: unknown }
  /** Certainly nothing arrived: nobody listens there. */
  | { readonly kind: "unsent" }
  /** The connection broke. */
  | { readonly kind: "lost" };

export interface Call<T, Target extends Host> {
  readonly from: Host;
  /** The slot of whoever is asked. */
  readonly to: number;
  /** The process that lives there now; undefined: its machine answers that none does. */
  readonly target: () => Target | "no process" | "no machine";
  /** In the target's process; whoever died meanwhile says nothing. */
  readonly perform: (target: Target) => Promise<T>;
  /** In the caller's process; at most once, and perhaps never. */
  readonly returned: (returned: Returned<T>) => void;
  readonly mayComeTwice: boolean;
}

export interface CallsOptions {
  readonly clock: VirtualClock;
  readonly cuts: Cuts;
  readonly random: Random;
  readonly parameters: CallParameters;
  /** How long a way takes now. */
  readonly delayMs: (from: number, to: number) => number;
}

/** What meets a cut tries again after so long, and gives up in the end. */
const AGAIN_MS = 25;
const GIVEN_UP_MS = 5_000;
/** The longest that anything comes late, beside cuts. */
const LATE_MS = 5_000;

export class Calls {
  readonly #options: CallsOptions;
  /** From the first misfortune until all heals: what the parameters say befalls them. */
  rough = false;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  make<T, Target extends Host>(call: Call<T, Target>): void {
    const { random, parameters } = this.#options;
    let settled = false;
    const once = (result: Returned<T>) => {
      if (!settled) {
        settled = true;
        call.from.gate.run(() => call.returned(result));
      }
    };
    this.#travel(call.from, call.to, () => this.#arrive(call, once));
    if (call.mayComeTwice && this.rough && chance(random, parameters.duplication)) {
      this.#travel(call.from, call.to, () => this.#arrive(call, () => {}));
    }
  }

  #arrive<T, Target extends Host>(
    call: Call<T, Target>,
    returned: (result: Returned<T>) => void,
  ): void {
    const target = call.target();
    if (target === "no machine") {
      return;
    }
    if (target === "no process") {
      this.#travel({ slot: call.to }, call.from.slot, () => returned({ kind: "unsent" }));
      return;
    }
    const answer = (result: Returned<T>) => {
      if (target.gate.alive) {
        this.#travel(target, call.from.slot, () => returned(result));
      }
    };
    this.#whenDead(target, () => {
      if (target.machineUp) {
        this.#travel({ slot: call.to }, call.from.slot, () => returned({ kind: "lost" }));
      }
    });
    target.gate.run(() => {
      call.perform(target).then(
        (value) => answer({ kind: "answer", answer: value }),
        (error) => answer({ kind: "threw", error }),
      );
    });
  }

  readonly #mourners = new WeakMap<Host, (() => void)[]>();

  /** This process is dead: whoever waits for its answers is told, where its machine lives. */
  died(host: Host): void {
    for (const tell of this.#mourners.get(host) ?? []) {
      tell();
    }
    this.#mourners.delete(host);
  }

  #whenDead(host: Host, tell: () => void): void {
    const known = this.#mourners.get(host);
    if (known === undefined) {
      this.#mourners.set(host, [tell]);
    } else {
      known.push(tell);
    }
  }

  /** Leaves when its sender, if it is a process, has got so far; if that dies before, never. */
  #travel(sender: Host | { slot: number }, to: number, arrive: () => void): void {
    const { clock, random, parameters, delayMs } = this.#options;
    if (this.rough && chance(random, parameters.loss)) {
      return;
    }
    const late = this.rough && chance(random, parameters.late);
    const lateMs = late ? logUniform(random, 10, LATE_MS) : 0;
    const leavesAtMs = "gate" in sender ? sender.gate.nowMs : clock.nowMs();
    clock.at(leavesAtMs + delayMs(sender.slot, to) + lateMs, () => {
      if (!("gate" in sender) || sender.diedAtMs >= leavesAtMs) {
        this.#enter(sender.slot, to, clock.nowMs() + GIVEN_UP_MS, arrive);
      }
    });
  }

  #enter(from: number, to: number, untilMs: number, arrive: () => void): void {
    const { clock, cuts } = this.#options;
    if (!cuts.isCut(from, to)) {
      arrive();
    } else if (clock.nowMs() < untilMs) {
      clock.after(AGAIN_MS, () => this.#enter(from, to, untilMs, arrive));
    }
  }
}
