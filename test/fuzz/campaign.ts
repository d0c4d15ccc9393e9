/** One kind of fuzzing: what is sent, how it is judged, and what is counted on the way. */
import fc from "fast-check";
import type { Arena } from "./arena.ts";

/** A property of a running arena. */
export interface Campaign<Case> {
  readonly name: string;
  readonly arbitrary: fc.Arbitrary<Case>;
  /** Sends one case; throws if something happened that should not. */
  check(sent: Case): Promise<void>;
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

/** Runs a campaign until enough was sent or its time is over; returns what it found, if anything. */
export async function runCampaign<Case>(
  campaign: Campaign<Case>,
  arena: Arena,
  limits: CampaignLimits,
): Promise<Failure | undefined> {
  const property = fc.asyncProperty(campaign.arbitrary, async (sent) => {
    await arena.revive();
    try {
      await campaign.check(sent);
    } catch (error) {
      arena.spoil();
      throw error;
    }
  });
  for (let round = 0; !limits.enough(); round++) {
    const leftMs = limits.deadlineMs - performance.now();
    if (leftMs <= 0) return undefined;
    const seed = (limits.seed + round) | 0;
    const result = await fc.check(property, {
      seed,
      numRuns: CASES_A_ROUND,
      interruptAfterTimeLimit: leftMs + limits.shrinkMsMax,
      skipAllAfterTimeLimit: leftMs,
    });
    if (!result.failed || result.counterexample === null) continue;
    const { errorInstance } = result;
    return {
      campaign: campaign.name,
      seed,
      path: result.counterexamplePath ?? "",
      message: errorInstance instanceof Error ? errorInstance.message : String(errorInstance),
      counterexample: fc.stringify(result.counterexample),
    };
  }
  return undefined;
}
