/** The order of the runs: shuffled, so that a machine that warms up or tires favours no quorum. */
import type { Random } from "../../src/base/random.ts";
import type { Series, Setting } from "./results.ts";
import { meanLatencyMs } from "./theory.ts";

/** One run of writes. */
export interface WriteStep {
  readonly kind: "writes";
  readonly series: Series;
  readonly quorum: number;
  readonly repeat: number;
  readonly clients: number;
  readonly writes: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  /** For the time left only. */
  readonly expectedMs: number;
}

/** One run of stale reads. */
export interface ReadStep {
  readonly kind: "reads";
  readonly quorum: number;
  readonly reads: number;
  /** For the time left only. */
  readonly expectedMs: number;
}

export type Step = WriteStep | ReadStep;

export interface PlanSetting extends Setting {
  readonly staleReads: number;
}

const FEW_CLIENTS = 5;
/** The point at which the nodes' own speed is compared with other systems. */
const NO_DELAY = { clients: 20, quorum: 3, repeats: 3 };
/** What a node and the driver add to the network's own delay, roughly. */
const OVERHEAD_MS = 0.3;
const NO_DELAY_WRITES_PER_MS = 30;

/** Every step of the analysis in the order in which it is to be done. */
export function planSteps(setting: PlanSetting, random: Random): Step[] {
  const { minDelayMs, maxDelayMs, clients, writes } = setting;
  const steps: Step[] = [];
  const writeStep = (
    step: Pick<WriteStep, "series" | "quorum" | "repeat" | "clients" | "writes">,
  ) => {
    const eachMs = meanLatencyMs(setting, step.quorum) + OVERHEAD_MS;
    const expectedMs = (step.writes * eachMs) / step.clients;
    return { kind: "writes" as const, minDelayMs, maxDelayMs, expectedMs, ...step };
  };
  // Each repeat is a shuffled block of all quorums, so that a slow drift meets all alike.
  for (let repeat = 1; repeat <= setting.repeats; repeat++) {
    const block = setting.quorums.flatMap((quorum) => [
      writeStep({ series: "quorum", quorum, repeat, clients, writes }),
      writeStep({
        series: "few-clients",
        quorum,
        repeat,
        clients: FEW_CLIENTS,
        writes: Math.ceil(writes / 2),
      }),
    ]);
    steps.push(...shuffled(block, random));
  }
  steps.push(...planReads(setting, random));
  const quorum = Math.min(NO_DELAY.quorum, setting.followers);
  // Without the delay a run must be longer in writes to be as long in time.
  const noDelayWrites = writes * 10;
  for (let repeat = 1; repeat <= Math.min(NO_DELAY.repeats, setting.repeats); repeat++) {
    steps.push({
      kind: "writes",
      series: "no-delay",
      quorum,
      repeat,
      clients: NO_DELAY.clients,
      writes: noDelayWrites,
      minDelayMs: 0,
      maxDelayMs: 0,
      expectedMs: noDelayWrites / NO_DELAY_WRITES_PER_MS,
    });
  }
  return steps;
}

function planReads(setting: PlanSetting, random: Random): ReadStep[] {
  const eachMs = setting.maxDelayMs * 2 + 2 * OVERHEAD_MS;
  const steps = setting.quorums.map((quorum) => ({
    kind: "reads" as const,
    quorum,
    reads: setting.staleReads,
    expectedMs: setting.staleReads * eachMs,
  }));
  return setting.staleReads === 0 ? [] : shuffled(steps, random);
}

/** A shuffled copy; the same random gives the same order. */
export function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const keyed = items.map((item) => ({ item, key: random.next() }));
  return keyed.sort((one, other) => one.key - other.key).map(({ item }) => item);
}
