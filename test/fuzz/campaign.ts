/** One kind of fuzzing: what is sent, how it is judged, and what is counted on the way. */
import fc from "fast-check";
import type { Arena } from "./arena.ts";

/** A property of a running arena. */
export interface Campaign {
  readonly name: string;
  readonly arbitrary: fc.Arbitrary<unknown>;
  /** Sends one case; throws if something happened that should not. */
  check(sent: unknown): Promise<void>;
}

/** Keeps the type of the cases where a campaign is written down. */
export function campaign<Case>(definition: {
  readonly name: string;
  readonly arbitrary: fc.Arbitrary<Case>;
  check(sent: Case): Promise<void>;
}): Campaign {
  const { name, arbitrary, check } = definition;
  return { name, arbitrary, check: (sent) => check(sent as Case) };
}

/** What a campaign has sent and what came of it. */
export class Tally {
  readonly #onChange: () => void;
  readonly #outcomes = new Map<string, number>();
  #frames = 0;
  #requests = 0;

  constructor(onChange: () => void = () => {}) {
    this.#onChange = onChange;
  }

  get frames(): number {
    return this.#frames;
  }

  get requests(): number {
    return this.#requests;
  }

  /** How often each kind of answer came, by its name. */
  get outcomes(): ReadonlyMap<string, number> {
    return this.#outcomes;
  }

  frame(): void {
    this.#frames += 1;
    this.#onChange();
  }

  request(): void {
    this.#requests += 1;
    this.#onChange();
  }

  ended(how: string): void {
    this.#outcomes.set(how, (this.#outcomes.get(how) ?? 0) + 1);
  }
}

/** What was found, and what makes it happen again. */
export interface Failure {
  readonly campaign: string;
  readonly seed: number;
  readonly path: string;
  readonly message: string;
  /** The shrunk case. */
  readonly counterexample: string;
}

/** Cases that are tried between two looks at how much was sent. */
const CASES_A_ROUND = 50;

export interface CampaignLimits {
  readonly seed: number;
  /** True when enough was sent. */
  readonly enough: () => boolean;
  /** A point in `performance.now()` behind which no new case begins. */
  readonly deadlineMs: number;
  /** Of a shrinking. */
  readonly shrinkMsMax: number;
}

/** Runs a campaign until enough was sent or its time is over; returns what it found, if so. */
export async function runCampaign(
  { name, arbitrary, check }: Campaign,
  arena: Arena,
  limits: CampaignLimits,
): Promise<Failure | undefined> {
  const property = fc.asyncProperty(arbitrary, async (sent) => {
    await arena.revive();
    try {
      await check(sent);
    } catch (error) {
      arena.spoil();
      throw error;
    }
  });
  for (let round = 0; !limits.enough(); round++) {
    const leftMs = limits.deadlineMs - performance.now();
    // However late it is, one case is tried.
    const hurried = leftMs <= 0;
    if (hurried && round > 0) return undefined;
    const seed = (limits.seed + round) | 0;
    const result = await fc.check(property, {
      seed,
      numRuns: hurried ? 1 : CASES_A_ROUND,
      interruptAfterTimeLimit: Math.max(0, leftMs) + limits.shrinkMsMax,
      ...(hurried ? {} : { skipAllAfterTimeLimit: leftMs }),
    });
    if (!result.failed || result.counterexample === null) continue;
    const { errorInstance } = result;
    return {
      campaign: name,
      seed,
      path: result.counterexamplePath ?? "",
      message: errorInstance instanceof Error ? errorInstance.message : String(errorInstance),
      counterexample: fc.stringify(result.counterexample),
    };
  }
  return undefined;
}
