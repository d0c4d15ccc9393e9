/** The plan of a large cluster: time, memory, evenness, and what moves. */
import type { ClusterState } from "../../src/controller/cluster-state.ts";
import { createCluster } from "../../src/controller/create-cluster.ts";
import { Ideals } from "../../src/controller/ideals.ts";
import { partitionStatus } from "../../src/controller/partition-status.ts";
import { pass } from "../../src/controller/pass.ts";
import { beat, decide, reportsOf } from "./steady-workers.ts";

export interface PlacementFigure {
  readonly what: string;
  readonly figure: string;
}

const REPLICAS = 3;
const TIMEOUT_MS = 6_000;
const IDLE_BEATS = 20_000;
const BYTES_PER_MIB = 2 ** 20;

/** Measures in this process; some seconds for 1,000 workers and 100,000 partitions. */
export function measurePlacement(workers: number, partitions: number): PlacementFigure[] {
  const figures: PlacementFigure[] = [];
  const note = (what: string, figure: string) => figures.push({ what, figure });
  const before = heapBytes();
  const state = emptyCluster(partitions, 0);
  for (let worker = 0; worker < workers; worker++) beat(state, worker, 0);

  const placing = timed(() => decide(state, TIMEOUT_MS));
  note("first placement of everything", milliseconds(placing));
  const reports = reportsOf(state);
  const reporting = timed(() => {
    for (const [worker, copies] of reports.entries()) beat(state, worker, TIMEOUT_MS, copies);
  });
  note("all reports of all workers heard", milliseconds(reporting));
  note("memory of the plan and all reports", mebibytes(heapBytes() - before));
  noteEvenness(state, note);

  const idle = timed(() => {
    for (let count = 0; count < IDLE_BEATS; count++) beat(state, count % workers, TIMEOUT_MS);
  });
  note("heartbeat when nothing has changed", microseconds(idle / IDLE_BEATS));
  note("look at who is silent", milliseconds(timed(() => pass(state, TIMEOUT_MS))));
  const restart = timed(() => restarted(state));
  note("state from what is stored, after a restart", milliseconds(restart));
  const all = timed(() => {
    for (const partition of state.partitions) state.dirty.add(partition.partition);
    decide(state, TIMEOUT_MS);
  });
  note("every partition looked at anew", milliseconds(all));
  noteFailure(state, workers, note);
  noteMoves(workers, partitions, note);
  return figures;
}

type Note = (what: string, figure: string) => void;

function noteEvenness(state: ClusterState, note: Note): void {
  const copies = state.workers.map((worker) => worker.memberships);
  const primaries = state.workers.map((worker) => worker.primaries);
  note("copies of a worker: most / mean", ratio(copies));
  note("primaries of a worker: most / mean", ratio(primaries));
}

/** The first worker falls silent, and is found down. */
function noteFailure(state: ClusterState, workers: number, note: Note): void {
  const laterMs = 2 * TIMEOUT_MS + 1;
  for (let worker = 1; worker < workers; worker++) beat(state, worker, laterMs - 1);
  state.passedMs = laterMs - 1;
  let decided = 0;
  const failing = timed(() => {
    pass(state, laterMs);
    decided = decide(state, laterMs).assignments.length;
  });
  note("a worker is found down: its partitions planned anew", milliseconds(failing));
  const waiting = state.partitions.filter((partition) => {
    return partitionStatus(state, partition).state === "taking over";
  });
  note("… partitions decided on / with a new primary", `${decided} / ${waiting.length}`);
}

function noteMoves(workers: number, partitions: number, note: Note): void {
  const all = Array.from({ length: workers + 1 }, (_, slot) => ({ id: `worker${slot + 1}`, slot }));
  const ideals = new Ideals(partitions, REPLICAS);
  const have = all.slice(0, workers);
  ideals.update(have);
  const before = copiesOf(ideals, partitions);
  const share = (moved: number) => {
    const percent = (100 * moved) / (partitions * REPLICAS);
    return `${percent.toFixed(3)} % (fair: ${(100 / workers).toFixed(3)} %)`;
  };
  ideals.update(have.slice(1));
  const without = copiesOf(ideals, partitions);
  note("copies moved when one worker leaves", share(movedBetween(before, without)));
  ideals.update(all);
  const more = copiesOf(ideals, partitions);
  note("copies moved when one worker comes", share(movedBetween(before, more)));
}

function copiesOf(ideals: Ideals, partitions: number): number[][] {
  return Array.from({ length: partitions }, (_, partition) => ideals.of(partition));
}

function movedBetween(before: number[][], after: number[][]): number {
  return after.reduce((moved, slots, partition) => {
    return moved + slots.filter((slot) => !before[partition]?.includes(slot)).length;
  }, 0);
}

function emptyCluster(partitions: number, nowMs: number): ClusterState {
  return createCluster({
    identity: { id: "bench", name: "bench", partitions, replicas: REPLICAS, writeQuorum: 2 },
    settings: {
      heartbeatTimeoutMs: TIMEOUT_MS,
      checkIntervalMs: 2_000,
      movesAtOnce: 4,
      retainMs: 3_600_000,
      expected: [],
    },
    workers: [],
    assignments: [],
    nowMs,
  });
}

function restarted(state: ClusterState): ClusterState {
  const { identity, settings, mapVersion } = state;
  const workers = state.workers.map((worker) => worker.record);
  const assignments = state.partitions.flatMap(({ assignment }) => {
    return assignment === undefined ? [] : [{ assignment, mapVersion }];
  });
  return createCluster({ identity, settings, workers, assignments, nowMs: 0 });
}

function ratio(counts: readonly number[]): string {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const most = Math.max(...counts);
  return `${most} / ${mean.toFixed(1)} = ${(most / mean).toFixed(2)}`;
}

function timed(run: () => void): number {
  const startMs = performance.now();
  run();
  return performance.now() - startMs;
}

function heapBytes(): number {
  Bun.gc(true);
  return process.memoryUsage().heapUsed;
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}

function microseconds(ms: number): string {
  return `${(1_000 * ms).toFixed(1)} µs`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / BYTES_PER_MIB).toFixed(0)} MiB`;
}
