/**
 * One run: a group forms in peace, misfortunes come while clients work, all heals, and then the
 * group has to go on by itself, to end equal, and to hold what it has acknowledged. The run stops
 * at the first promise that is broken. It is one synchronous call, and the same for the same seed.
 */
import { checkLinearizable } from "../linearizability/check.ts";
import { Clients } from "./clients.ts";
import { drawParameters } from "./draw-parameters.ts";
import { Misfortunes } from "./misfortunes/misfortunes.ts";
import { formatParameters, type Parameters } from "./parameters.ts";
import { Recovery } from "./recovery.ts";
import { SCHEDULES, type ScheduleName } from "./schedules/schedules.ts";
import { Stage } from "./schedules/stage.ts";
import type { TraceLine } from "./trace.ts";
import { findLoss } from "./truth/final-state.ts";
import type { Violation } from "./truth/violation.ts";
import { type Sabotage, World } from "./world/world.ts";

export interface RunOptions {
  readonly seed: number;
  /** Keep the lines of the trace, to print them. */
  readonly keepsTrace?: boolean;
  readonly sabotage?: Sabotage;
  /** Begins with this, whatever the seed would draw. */
  readonly schedule?: ScheduleName;
  /** Replaces what the seed would draw. */
  readonly change?: Partial<Parameters>;
}

/** What came of a run, whatever was simulated. */
export interface SimulatedRun {
  readonly seed: number;
  /** Its parameters, as lines for people. */
  readonly described: readonly string[];
  /** Undefined where every promise was kept. */
  readonly violation: Violation | undefined;
  /** Equal for equal runs. */
  readonly hash: string;
  readonly lines: readonly TraceLine[];
  readonly sums: RunSums;
}

export interface RunResult extends SimulatedRun {
  readonly parameters: Parameters;
}

/** What a run amounted to, to be added up over many. */
export interface RunSums {
  steps: number;
  virtualMs: number;
  misfortunes: number;
  operations: number;
  acknowledged: number;
  refused: number;
  unknown: number;
  /** Keys whose history the checker gave up on. */
  undecided: number;
}

/** The group has to form within this, with nothing wrong. */
const FORMING_MS = 30_000;
/** Enough for what clients have asked to be answered or given up. */
const ANSWERS_MS = 10_000;
/** Looked at now and then while clients work: what is bounded, and what only grows. */
const LOOK_EVERY_MS = 100;
/** Of the linearizability checker, for each key. */
const CHECK_STEPS_MAX = 300_000;

/** Runs this seed. */
export function runSeed(options: RunOptions): RunResult {
  const { seed, keepsTrace = false, sabotage, schedule, change } = options;
  const drawn = drawParameters(seed, schedule);
  const parameters: Parameters =
    change === undefined ? drawn : { ...drawn, schedule: schedule ?? "none", ...change };
  const world = new World({ parameters, keepsTrace, sabotage });
  const clients = new Clients(world);
  const misfortunes = new Misfortunes(world);
  const undecided = live({ world, clients, misfortunes });
  const { operations } = world.log;
  const count = (outcome: string) => operations.filter((each) => each.outcome === outcome).length;
  return {
    seed,
    parameters,
    described: formatParameters(parameters),
    violation: world.violation,
    hash: world.trace.hash,
    lines: world.trace.lines,
    sums: {
      steps: world.steps,
      virtualMs: world.clock.nowMs(),
      misfortunes: misfortunes.count,
      operations: operations.length,
      acknowledged: count("ok"),
      refused: count("refused"),
      unknown: count("unknown"),
      undecided,
    },
  };
}

/** Returns for how many keys the checker could not decide. */
function live(parts: { world: World; clients: Clients; misfortunes: Misfortunes }): number {
  const { world, clients, misfortunes } = parts;
  const { parameters, clock } = world;
  const recovery = new Recovery(world, clients);
  for (const member of world.members) {
    member.start();
  }
  if (!recovery.untilFormed(FORMING_MS)) {
    world.broken("formed", `the group did not form within ${FORMING_MS} ms`);
    return 0;
  }
  world.bounds.formed(world.processes.map(({ service }) => service.status()));
  const stopLooking = clock.every(LOOK_EVERY_MS, () => look(world));
  if (parameters.schedule !== "none") {
    new Stage(world, clients).play(SCHEDULES[parameters.schedule as ScheduleName].play);
  }
  clients.start();
  misfortunes.start();
  world.runUntil(() => false, parameters.faultsMs);
  clients.stop();
  misfortunes.heal();
  world.runUntil(() => clients.underWay === 0, ANSWERS_MS);
  recovery.untilItGoesOn();
  recovery.untilEqual();
  const values = recovery.readAll();
  stopLooking();
  return judge(world, values);
}

function look({ processes, bounds }: World): void {
  for (const { gate, name, service } of processes) {
    if (gate.running) {
      bounds.look(name, service.status());
    }
  }
}

/** `values` are what the leader answers in the end. */
function judge(world: World, values: ReadonlyMap<string, string | undefined>): number {
  if (world.violation !== undefined) {
    return 0;
  }
  for (const key of world.keys) {
    const loss = findLoss(key, values.get(key), world.log.operations);
    if (loss !== undefined) {
      world.broken("lost", `key ${key}: ${loss}`, key);
    }
  }
  const verdict = checkLinearizable(world.log.history(), { stepsMax: CHECK_STEPS_MAX });
  if (verdict.linearizable === false) {
    world.broken("linearizable", verdict.explanation, verdict.key);
  }
  return verdict.linearizable === undefined ? 1 : 0;
}
