/**
 * What the controller decides, as its disk and everybody who hears of it see it: generations and
 * revisions only rise and are never given out twice, also not by a controller that was started
 * again, and nobody hears of anything that is not stored.
 */
import type { RecordChange } from "../../../../src/controller/store.ts";
import type { Assignment } from "../../../../src/core/assignment.ts";
import type { HeartbeatAnswer } from "../../../../src/node/heartbeat.ts";
import type { Rule } from "../../truth/violation.ts";

export class Decisions {
  readonly #broken: (rule: Rule, message: string) => void;
  /** By partition, the newest that is stored. */
  readonly #newest = new Map<number, Assignment>();
  /** By partition and generation, what holds in it from its first revision on. */
  readonly #generations = new Map<string, string>();
  /** By partition and revision, all of it. */
  readonly #revisions = new Map<string, string>();
  readonly #known = new WeakSet<Assignment>();
  #mapVersion = 0;

  constructor(broken: (rule: Rule, message: string) => void) {
    this.#broken = broken;
  }

  /** By partition, the newest stored assignment. */
  get newest(): ReadonlyMap<number, Assignment> {
    return this.#newest;
  }

  /** These records are on the controller's disk from now on. */
  stored(changes: readonly RecordChange[]): void {
    for (const { kind, value } of changes) {
      if (kind === "partition" && value !== undefined) {
        const { assignment, mapVersion } = value as { assignment: Assignment; mapVersion: number };
        this.#mapVersion = Math.max(this.#mapVersion, mapVersion);
        this.#decided(assignment);
      }
    }
  }

  /** The controller has answered this to somebody. */
  told({ assignments, mapVersion }: HeartbeatAnswer): void {
    if (mapVersion > this.#mapVersion) {
      this.#broken("generation", `map ${mapVersion} is told of, stored is ${this.#mapVersion}`);
    }
    for (const assignment of assignments) {
      if (this.#known.has(assignment)) {
        continue;
      }
      this.#known.add(assignment);
      const stored = this.#revisions.get(`${assignment.partition} ${assignment.revision}`);
      if (stored !== JSON.stringify(assignment)) {
        const what = JSON.stringify(assignment);
        this.#broken("generation", `told of ${what}, stored is ${stored ?? "nothing like it"}`);
      }
    }
  }

  #decided(assignment: Assignment): void {
    const { partition, generation, revision, primary, members } = assignment;
    const before = this.#newest.get(partition);
    const what = JSON.stringify(assignment);
    if (before !== undefined) {
      if (generation < before.generation || revision <= before.revision) {
        this.#broken("generation", `${what} was decided after ${JSON.stringify(before)}`);
      }
    }
    const decided = JSON.stringify({ primary, members });
    const name = `${partition} ${generation}`;
    const known = this.#generations.get(name);
    if (known !== undefined && known !== decided) {
      this.#broken("generation", `generation ${generation} is ${known} and then ${decided}`);
    }
    this.#generations.set(name, decided);
    this.#revisions.set(`${partition} ${revision}`, what);
    this.#newest.set(partition, assignment);
  }
}
