/**
 * A process that runs the batches which another one deals to it, until that one is gone. A promise
 * of a node that was rejected and that nobody waited for is a fault of the node: it belongs to the
 * batch in which it happened.
 */
import type { Violation } from "../truth/violation.ts";
import { type Batch, type BatchResult, type RunOne, runBatch } from "./batch.ts";

export function serveBatches(runOne: RunOne): void {
  let stray: unknown;
  process.on("unhandledRejection", (error) => {
    stray ??= error;
  });
  process.on("disconnect", () => process.exit(0));
  process.on("message", (batch: Batch) => {
    const result = runBatch(batch, runOne);
    // The runtime speaks of rejections when this turn is over.
    setImmediate(() => {
      process.send?.(stray === undefined ? result : withStray(result, stray));
      stray = undefined;
    });
  });
  process.send?.("ready");
}

function withStray(result: BatchResult, error: unknown): BatchResult {
  const text = error instanceof Error ? error.stack : String(error);
  const violation: Violation = {
    rule: "crash",
    message: `in one of the seeds ${result.from} to ${result.from + result.count - 1}: ${text}`,
    atMs: 0,
  };
  return { ...result, failure: result.failure ?? { seed: result.from, violation } };
}
