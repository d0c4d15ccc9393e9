/** What must hold of every assignment that replaces another, whatever happened before. */
import { expect } from "bun:test";
import type { Assignment, Configuration, Copy } from "../../../src/core/assignment.ts";
import { copiesOf } from "../../../src/core/assignment.ts";
import type { ModelWorkers } from "./model-workers.ts";

export class DecisionRules {
  readonly #replicas: number;
  readonly #truth: ModelWorkers;
  readonly #last = new Map<number, Assignment>();
  /** By partition and generation, what it was issued as. */
  readonly #issued = new Map<string, string>();
  /** By partition and worker, the highest number of a copy. */
  readonly #numbers = new Map<string, number>();

  constructor(replicas: number, truth: ModelWorkers) {
    this.#replicas = replicas;
    this.#truth = truth;
  }

  check(next: Assignment): void {
    const before = this.#last.get(next.partition);
    this.#checkGeneration(next);
    this.#checkNumbers(before, next);
    const named = [...next.members, ...next.learners, ...next.retained].map((one) => one.worker);
    expect(new Set(named).size, "one copy at a worker").toBe(named.length);
    expect(named.slice(0, next.members.length)).toContain(next.primary);
    expect(next.members.length).toBeLessThanOrEqual(this.#replicas);
    if (before !== undefined) {
      expect(next.revision, "revision").toBeGreaterThan(before.revision);
      expect(next.members.length, "never fewer").toBeGreaterThanOrEqual(before.members.length);
      expect([0, 1]).toContain(next.generation - before.generation);
      this.#checkEarlier(before, next);
      this.#checkNewMembers(before, next);
    }
    this.#last.set(next.partition, next);
  }

  #checkGeneration(next: Assignment): void {
    const name = `${next.partition} ${next.generation}`;
    const issue = `${next.primary}: ${namesOf(next.members)}`;
    expect(this.#issued.get(name) ?? issue, `generation ${name} is issued once`).toBe(issue);
    this.#issued.set(name, issue);
  }

  #checkNumbers(before: Assignment | undefined, next: Assignment): void {
    const kept = before === undefined ? [] : copiesOf(before).map(nameOf);
    for (const copy of copiesOf(next)) {
      const name = `${next.partition} ${copy.worker}`;
      const highest = this.#numbers.get(name) ?? 0;
      if (!kept.includes(nameOf(copy))) {
        expect(copy.copy, `copy ${name}`).toBeGreaterThan(highest);
      }
      this.#numbers.set(name, Math.max(highest, copy.copy));
    }
  }

  #checkEarlier(before: Assignment, next: Assignment): void {
    const open = this.#truth.opened.has(`${before.partition} ${before.generation}`);
    const has = (one: Configuration) => {
      return next.earlier.some((other) => namesOf(other.members) === namesOf(one.members));
    };
    if (next.generation > before.generation) {
      expect(has(before), "the generation before is kept").toBe(true);
      expect(open || before.earlier.every(has), "what was not open is kept").toBe(true);
    } else {
      expect(open || before.earlier.every(has), "only what is open drops earlier").toBe(true);
    }
  }

  #checkNewMembers(before: Assignment, next: Assignment): void {
    const members = before.members.map(nameOf);
    const learners = before.learners.map(nameOf);
    for (const copy of next.members.filter((one) => !members.includes(nameOf(one)))) {
      expect(learners).toContain(nameOf(copy));
      const { partition, generation } = before;
      const synced = `${partition} ${generation} ${copy.worker} ${copy.copy}`;
      expect(this.#truth.upToDate.has(synced), `${synced} was up to date`).toBe(true);
    }
  }
}

function nameOf(copy: Copy): string {
  return `${copy.worker} ${copy.copy}`;
}

function namesOf(copies: readonly Copy[]): string {
  return copies.map(nameOf).sort().join();
}
