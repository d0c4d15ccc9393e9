/**
 * Who acknowledges: in each epoch of a partition one process, in each generation one worker, and
 * what is acknowledged is held by as many as it takes.
 */
import type { Entry } from "../../../../src/core/entry.ts";
import type { WriteAnswer } from "../../../../src/http/service.ts";
import { Acknowledgements, type HeldAt } from "../../truth/acknowledgements.ts";
import type { Rule } from "../../truth/violation.ts";

export class Leaderships {
  readonly #broken: (rule: Rule, message: string, key: string) => void;
  readonly #acknowledgements: Acknowledgements;
  readonly #primaries = new Map<number, string>();
  readonly #seen = new WeakSet<Entry>();

  constructor(options: {
    readonly workers: number;
    readonly heldAt: HeldAt;
    readonly broken: (rule: Rule, message: string, key: string) => void;
  }) {
    const { workers: nodes, heldAt, broken } = options;
    this.#broken = broken;
    this.#acknowledgements = new Acknowledgements({ nodes, heldAt, broken });
  }

  /** Said by the primary's own process, before anybody carries it further. */
  acknowledged(leader: {
    readonly process: string;
    readonly worker: string;
    readonly answer: WriteAnswer;
    /** When the client asked. */
    readonly sinceMs: number;
  }): void {
    const { process, worker, answer, sinceMs } = leader;
    const { entry } = answer;
    if (this.#seen.has(entry)) {
      return;
    }
    this.#seen.add(entry);
    const generation = Math.floor(entry.epoch);
    const known = this.#primaries.get(generation);
    this.#primaries.set(generation, known ?? worker);
    if (known !== undefined && known !== worker) {
      const message = `${known} and ${worker} acknowledge in generation ${generation}`;
      this.#broken("leaders", message, entry.key);
    }
    this.#acknowledgements.came(process, { invokedAtMs: sinceMs }, answer);
  }
}
