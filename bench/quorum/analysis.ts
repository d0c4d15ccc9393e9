/** The analysis itself: step by step at a cluster, in the planned order, until it is over. */
import { createSeededRandom, type Random } from "../../src/base/random.ts";
import { BenchError } from "./bench-error.ts";
import { count } from "./describe.ts";
import type { Lab } from "./lab.ts";
import { type PlanSetting, planSteps, type ReadStep, type WriteStep } from "./plan.ts";
import { Progress } from "./progress.ts";
import type { FollowerDifference, Results, Run, StaleRead } from "./results.ts";
import { runStaleReads } from "./stale-run.ts";
import { runWrites, toRun } from "./write-run.ts";

export interface AnalysisOptions {
  readonly lab: Lab;
  readonly setting: PlanSetting;
  readonly environment: ReadonlyMap<string, string>;
  /** Ends the analysis after what is under way. */
  readonly signal: AbortSignal;
}

/** At most so many writes before the first measured one, and at least this share of a run. */
/** A node's code is compiled in steps, the last after some ten thousand writes. */
const WARM_UP = { writesMax: 100_000, clients: 20 };

/** What an analysis has found so far; complete after `run`. */
export class Analysis {
  readonly #lab: Lab;
  readonly #setting: PlanSetting;
  readonly #environment: ReadonlyMap<string, string>;
  readonly #signal: AbortSignal;
  readonly #random: Random;
  readonly #runs: Run[] = [];
  readonly #staleReads: StaleRead[] = [];
  #consistency: { keys: number; followers: FollowerDifference[] } | undefined;

  constructor({ lab, setting, environment, signal }: AnalysisOptions) {
    this.#lab = lab;
    this.#setting = setting;
    this.#environment = environment;
    this.#signal = signal;
    this.#random = createSeededRandom(setting.seed);
  }

  /** Makes every step and the consistency check; returns early once the signal is aborted. */
  async run(): Promise<void> {
    const steps = planSteps(this.#setting, this.#random);
    const progress = new Progress(steps);
    try {
      await this.#warmUp();
      for (const step of steps) {
        if (this.#signal.aborted) return;
        if (step.kind === "writes") await this.#writes(step, progress);
        else await this.#reads(step, progress);
      }
    } finally {
      progress.stop();
    }
    if (this.#signal.aborted) return;
    await this.#lab.waitUntilEqual();
    this.#consistency = await this.#lab.compare();
  }

  /** The check of all nodes at the end; undefined where it was not come to. */
  get consistency(): { keys: number; followers: readonly FollowerDifference[] } | undefined {
    return this.#consistency;
  }

  /** What there is by now. */
  results(): Results {
    return {
      setting: this.#setting,
      environment: this.#environment,
      runs: this.#runs,
      staleReads: this.#staleReads,
      differences: this.#consistency?.followers,
      interrupted: this.#consistency === undefined,
    };
  }

  /** Compilers and caches of nodes and driver get warm on writes that nobody counts. */
  async #warmUp(): Promise<void> {
    const { minDelayMs, maxDelayMs, quorums, writes } = this.#setting;
    await this.#lab.turn({ writeQuorum: Math.max(...quorums), minDelayMs, maxDelayMs });
    const warmUp = { clients: WARM_UP.clients, writes: Math.min(writes * 10, WARM_UP.writesMax) };
    await runWrites(
      warmUp,
      this.#runOptions(() => {}),
    );
    await this.#lab.waitUntilEqual();
  }

  async #writes(step: WriteStep, progress: Progress): Promise<void> {
    const { quorum, minDelayMs, maxDelayMs } = step;
    await this.#lab.turn({ writeQuorum: quorum, minDelayMs, maxDelayMs });
    progress.start({
      label: labelOf(step, this.#setting),
      total: step.writes,
      expectedMs: step.expectedMs,
    });
    const record = await runWrites(
      step,
      this.#runOptions((done) => progress.update(done)),
    );
    // An unfinished run is no repeat: its few writes would stand beside whole ones.
    if (this.#signal.aborted && record.requests < step.writes) return;
    const equal = await this.#lab.waitUntilEqual();
    const run = toRun(step, record, equal);
    this.#runs.push(run);
    const failed = run.failures === 0 ? "" : `, ${count(run.failures)} failed`;
    const rate = `${count(run.throughputPerSecond)} writes/s`;
    progress.finish(`mean ${run.statistics.mean.toFixed(3)} ms, ${rate}${failed}`);
  }

  async #reads(step: ReadStep, progress: Progress): Promise<void> {
    const { minDelayMs, maxDelayMs, keys } = this.#setting;
    await this.#lab.turn({ writeQuorum: step.quorum, minDelayMs, maxDelayMs });
    const label = `quorum ${step.quorum}, stale reads`;
    progress.start({ label, total: step.reads, expectedMs: step.expectedMs });
    const reads = await runStaleReads({
      leader: this.#lab.leader,
      followers: this.#lab.followers,
      keys,
      quorum: step.quorum,
      reads: step.reads,
      maxDelayMs,
      random: this.#random,
      signal: this.#signal,
      onProgress: (done) => progress.update(done),
    });
    if (reads.length === 0 && !this.#signal.aborted) {
      throw new BenchError(`No read at a follower succeeded at quorum ${step.quorum}.`);
    }
    this.#staleReads.push(...reads);
    const stale = reads.filter((read) => read.stale).length;
    progress.finish(`${count(stale)} of ${count(reads.length)} reads stale`);
  }

  #runOptions(onProgress: (done: number) => void) {
    return {
      leader: this.#lab.leader,
      keys: this.#setting.keys,
      random: this.#random,
      signal: this.#signal,
      onProgress,
    };
  }
}

function labelOf(step: WriteStep, setting: PlanSetting): string {
  const repeat = `repeat ${step.repeat} of ${setting.repeats}`;
  if (step.series === "no-delay") return `quorum ${step.quorum}, no delay, repeat ${step.repeat}`;
  return `quorum ${step.quorum}, ${step.clients} clients, ${repeat}`;
}
