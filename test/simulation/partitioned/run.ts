/**
 * One run of a whole cluster: it forms in peace, misfortunes come while clients work, all heals,
 * and then it has to go on by itself, to bring every copy to where it belongs, to end equal, and to
 * hold what it has acknowledged. The run stops at the first promise that is broken. It is one
 * synchronous call, and the same for the same seed.
 */
import { checkLinearizable } from "../../linearizability/check.ts";
import { createStream, pick } from "../draw.ts";
import type { SimulatedRun } from "../run.ts";
import { findLoss } from "../truth/final-state.ts";
import { Clients } from "./clients.ts";
import { drawClusterParameters } from "./draw-parameters.ts";
import { Misfortunes } from "./misfortunes/misfortunes.ts";
import { type ClusterParameters, formatClusterParameters } from "./parameters.ts";
import { Recovery } from "./recovery.ts";
import { CLUSTER_SCHEDULES, type ClusterScheduleName } from "./schedules/schedules.ts";
import { ClusterStage } from "./schedules/stage.ts";
import { ClusterWorld } from "./world/cluster-world.ts";

export interface ClusterRunOptions {
  readonly seed: number;
  /** Keep the lines of the trace, to print them. */
  readonly keepsTrace?: boolean;
  /** Begins with this, whatever the seed would draw. */
  readonly schedule?: ClusterScheduleName;
  /** Replaces what the seed would draw. */
  readonly change?: Partial<ClusterParameters>;
}

/** The cluster has to form within this, with nothing wrong. */
const FORMING_MS = 30_000;
/** How often people would look for what may be lost. */
const LISTEN_EVERY_MS = 100;
/** Of the linearizability checker, for each key. */
const CHECK_STEPS_MAX = 300_000;

/** Runs this seed. */
export function runClusterSeed(options: ClusterRunOptions): SimulatedRun {
  const { seed, keepsTrace = false, schedule, change } = options;
  const drawn = drawClusterParameters(seed, schedule);
  const parameters: ClusterParameters =
    change === undefined ? drawn : { ...drawn, schedule: schedule ?? "none", ...change };
  const world = new ClusterWorld({ parameters, keepsTrace });
  const clients = new Clients(world);
  const random = createStream(seed, "woken");
  // Whoever was paused may still believe that it leads.
  const misfortunes = new Misfortunes(world, (slot) => {
    const client = parameters.clients.count + 1;
    clients.ask({ client, slot, kind: "read", key: pick(random, world.keys.client) });
  });
  const undecided = live({ world, clients, misfortunes });
  const { operations } = world.log;
  const count = (outcome: string) => operations.filter((each) => each.outcome === outcome).length;
  return {
    seed,
    described: formatClusterParameters(parameters),
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
function live(parts: { world: ClusterWorld; clients: Clients; misfortunes: Misfortunes }): number {
  const { world, clients, misfortunes } = parts;
  const { parameters } = world;
  const recovery = new Recovery(world, clients);
  world.controller.start();
  for (const place of world.places.slice(0, parameters.workers - parameters.lateWorkers)) {
    place.start();
  }
  if (!recovery.untilFormed(FORMING_MS)) {
    world.broken("formed", `the cluster did not form within ${FORMING_MS} ms`);
    return 0;
  }
  const stopListening = listenForLoss(world);
  if (parameters.schedule !== "none") {
    const { play } = CLUSTER_SCHEDULES[parameters.schedule as ClusterScheduleName];
    new ClusterStage(world, clients).play(play);
  }
  clients.start();
  misfortunes.start();
  world.runUntil(() => false, parameters.faultsMs);
  clients.stop();
  const stopReviving = misfortunes.heal();
  world.runUntil(() => clients.underWay === 0, clients.patienceMs);
  recovery.untilItGoesOn();
  recovery.untilInPlace();
  stopReviving();
  recovery.untilItGoesOnAlone();
  const values = recovery.readAll();
  stopListening();
  return judge(world, values);
}

/** Nobody speaks of possible loss; what was said while the cluster formed is past. */
function listenForLoss(world: ClusterWorld): () => void {
  const said = () =>
    world.processes.flatMap(({ name, worker }) =>
      [...worker.node.groups].flatMap(([partition, { possibleLoss }]) =>
        possibleLoss.map((sentence) => `${name}, partition ${partition}: ${sentence}`),
      ),
    );
  const past = new Set(said());
  return world.clock.every(LISTEN_EVERY_MS, () => {
    const news = said().find((sentence) => !past.has(sentence));
    if (news !== undefined) {
      world.broken("loss", news);
    }
  });
}

/** `values` are what is read in the end. */
function judge(world: ClusterWorld, values: ReadonlyMap<string, string | undefined>): number {
  if (world.violation !== undefined) {
    return 0;
  }
  for (const key of world.keys.all) {
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
