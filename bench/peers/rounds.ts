/** The rounds: every contestant is warmed up, and then each measurement is made in its turn. */
import { BenchError } from "../quorum/bench-error.ts";
import { Progress } from "../quorum/progress.ts";
import type { Arena, Asked } from "./arena.ts";
import { CONTESTANTS, type Contestant, type System } from "./contestants.ts";
import { type DriverLimitSeen, limitAt } from "./limits.ts";
import { BASE, describePoint, isBase, type Load, type Measurement, type Point } from "./plan.ts";
import type { Run } from "./results.ts";

/** Off the base points a shorter load will do. */
const AXIS_SECONDS_MAX = 1.5;
/** Before each measured load, not counted. */
const STEADY_SECONDS = 0.25;
/** For those that do not compile while they run; the driver does, for each protocol. */
const WARM_UP_SECONDS = 3;
/** Around a load: connections, counters, now and then a fill. */
const AROUND_SECONDS = 0.3;
const MICROS = 1e6;

export interface RoundsOptions {
  readonly arena: Arena;
  readonly plan: readonly Measurement[];
  readonly limits: readonly DriverLimitSeen[];
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly signal: AbortSignal;
  /** Told of each as soon as it is there, so that an error later costs none. */
  readonly measured: (run: Run) => void;
  /** Told of a system that has failed and is not asked any more. */
  readonly failed: (system: System, when: string, error: BenchError) => void;
}

interface Step {
  readonly contestant: Contestant;
  readonly point: Point;
  readonly seconds: number;
  readonly label: string;
  /** Undefined for a warm-up. */
  readonly measurement: Measurement | undefined;
}

/** Ends early, without an error, when the signal says so. */
export async function runRounds(options: RoundsOptions): Promise<void> {
  const { arena, signal } = options;
  const steps = [...warmUps(options), ...measurements(options)];
  const expected = steps.map(({ seconds }) => ({ expectedMs: 1000 * (seconds + AROUND_SECONDS) }));
  const progress = new Progress(expected);
  try {
    for (const [index, step] of steps.entries()) {
      const { contestant, label, measurement } = step;
      if (signal.aborted) return;
      if (!arena.systems.includes(contestant.system)) continue;
      const expectedMs = expected[index]?.expectedMs ?? 0;
      progress.start({ label, total: expectedMs, expectedMs });
      const asked = await askFor(step, options);
      if (signal.aborted) return;
      if (asked === undefined) continue;
      if (measurement !== undefined) options.measured(toRun(measurement, asked, options.limits));
      progress.finish(`${Math.round(asked.load.servedPerSecond).toLocaleString("en-US")}/s`);
    }
  } finally {
    progress.stop();
  }
}

/** Undefined where its system has failed, which then leaves: the others go on without it. */
async function askFor(
  { contestant, point, seconds, label, measurement }: Step,
  { arena, signal, failed }: RoundsOptions,
): Promise<Asked | undefined> {
  try {
    if (measurement !== undefined) {
      await arena.ask(contestant, point, { seconds: STEADY_SECONDS, signal });
    }
    return await arena.ask(contestant, point, { seconds, signal });
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    if (!signal.aborted) failed(contestant.system, label, error);
    await arena.leave(contestant.system);
    return undefined;
  }
}

/**
 * Long ones for our own, whose runtime compiles what it does often, at the leader and, by spread
 * reads, at the followers; short ones for the others.
 */
function warmUps({ arena, warmUpSeconds }: RoundsOptions): Step[] {
  const asked = CONTESTANTS.filter(({ system }) => arena.systems.includes(system));
  return asked.flatMap((contestant) => {
    const ours = contestant.way === "kvnode";
    const slow = contestant.way.startsWith("report");
    const loads: readonly Load[] = slow ? ["writes"] : ["writes", "mix", "spread-reads"];
    return loads.map((load): Step => {
      const [connections] = BASE.connections;
      const { quorum, valueBytes } = BASE;
      const point = { load, connections, quorum, valueBytes };
      const label = `${contestant.name}: warm-up`;
      const ownSeconds = (load === "writes" ? 0.5 : 0.25) * warmUpSeconds;
      const seconds = ours ? ownSeconds : WARM_UP_SECONDS / loads.length;
      return { contestant, point, seconds, label, measurement: undefined };
    });
  });
}

function measurements({ plan, seconds }: RoundsOptions): Step[] {
  return plan.map((measurement): Step => {
    const { contestant, point, round } = measurement;
    const label = `round ${round + 1}, ${describePoint(point)}: ${contestant.name}`;
    const least = isBase(point) ? seconds : Math.min(seconds, AXIS_SECONDS_MAX);
    return { contestant, point, seconds: least, label, measurement };
  });
}

function toRun(measurement: Measurement, asked: Asked, limits: readonly DriverLimitSeen[]): Run {
  const { contestant, point } = measurement;
  const { load, systemSeconds, othersSeconds } = asked;
  const limit = limitAt(limits, contestant.way, point);
  const seconds = load.durationMs / 1000;
  return {
    ...measurement,
    load,
    systemMicros: (MICROS * systemSeconds) / load.served,
    driverMicros: (MICROS * load.driverCpuSeconds) / load.served,
    driverShare: load.driverCpuSeconds / seconds,
    idleShare: othersSeconds / seconds,
    limitShare: limit === undefined ? undefined : load.servedPerSecond / limit,
  };
}
