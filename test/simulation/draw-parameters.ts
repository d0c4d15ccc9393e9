/** Draws what a run is like, and whether it begins with a written schedule. */
import { chance, createStream, pick } from "./draw.ts";
import { drawFreely, type Parameters } from "./parameters.ts";
import { SCHEDULES, type Schedule, type ScheduleName } from "./schedules/schedules.ts";

/** The share of runs that begin with a written schedule. */
const SCHEDULED = 0.1;

/** A calm group: what goes wrong while a schedule is played is what it says. */
const FOR_SCHEDULES = {
  durable: true,
  ...{ replicationTimeoutMs: 2_000, linkQueueBytes: 16 * 1024 * 1024 },
  ...{ pendingBytes: 64 * 1024 * 1024, minDelayMs: 0, maxDelayMs: 0, clockDrift: 0 },
  network: { delayMs: 1, spread: 1, gridMs: 0, loss: 0, duplication: 0, reordering: 0 },
} as const satisfies Partial<Parameters>;

/**
 * All that a run needs to know, the same for the same seed; with this schedule where one is told.
 */
export function drawParameters(seed: number, told?: ScheduleName): Parameters {
  const drawn = drawFreely(seed);
  const random = createStream(seed, "which schedule");
  if (told === undefined && !chance(random, SCHEDULED)) {
    return drawn;
  }
  const schedule = told ?? pick(random, Object.keys(SCHEDULES) as ScheduleName[]);
  const { needs }: Schedule = SCHEDULES[schedule];
  return { ...drawn, ...FOR_SCHEDULES, ...needs, schedule };
}
