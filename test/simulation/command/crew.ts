/**
 * Several processes that share the seeds. They are dealt in order, a few at a time; when one breaks
 * a promise nothing above it is dealt any more, and what lies below is finished: so the failure
 * that is reported is the first one, however many processes there are.
 */
import type { RunSums } from "../run.ts";
import { addSums, type BatchResult, noSums } from "./batch.ts";

const BATCH = 10;

export interface CrewOptions {
  readonly seed: number;
  readonly runs: number;
  readonly minutes: number;
  readonly workers: number;
  /** A command that starts a worker. */
  readonly command: readonly string[];
  /** Called now and then. */
  readonly progress: (done: CrewResult) => void;
}

export interface CrewResult {
  /** Seeds that were run. */
  runs: number;
  readonly sums: RunSums;
  failure: BatchResult["failure"];
}

/** Resolves when all is run, time is over, or the first failure is known. */
export async function runCrew(options: CrewOptions): Promise<CrewResult> {
  const result: CrewResult = { runs: 0, sums: noSums(), failure: undefined };
  const endMs = performance.now() + options.minutes * 60_000;
  const end = options.seed + options.runs;
  let next = options.seed;
  const nextBatch = () => {
    const last = result.failure?.seed ?? Number.POSITIVE_INFINITY;
    if (next >= end || next > last || performance.now() > endMs) {
      return undefined;
    }
    const from = next;
    const count = Math.min(BATCH, end - from);
    next += count;
    return { from, count };
  };
  const take = (done: BatchResult) => {
    const { failure } = done;
    result.runs += failure === undefined ? done.count : failure.seed - done.from + 1;
    addSums(result.sums, done.sums);
    if (failure !== undefined && failure.seed < (result.failure?.seed ?? Infinity)) {
      result.failure = failure;
    }
    options.progress(result);
  };
  const crew = Math.min(options.workers, Math.ceil(options.runs / BATCH));
  const workers = Array.from({ length: crew }, () => work(options.command, nextBatch, take));
  await Promise.all(workers);
  return result;
}

/** One worker's life; rejects if it dies before its work is done. */
function work(
  command: readonly string[],
  nextBatch: () => { from: number; count: number } | undefined,
  take: (done: BatchResult) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let finished = false;
  const child = Bun.spawn([...command], {
    stdio: ["ignore", "inherit", "inherit"],
    ipc(message: "ready" | BatchResult, worker) {
      if (message !== "ready") {
        take(message);
      }
      const batch = nextBatch();
      if (batch === undefined) {
        finished = true;
        worker.kill();
      } else {
        worker.send(batch);
      }
    },
  });
  void child.exited.then((code) => {
    if (finished) {
      resolve();
    } else {
      reject(new Error(`a worker ended with ${code} in the middle of its work`));
    }
  });
  return promise;
}
