/** How a measurement ends: by itself, by Ctrl-C and its kin, or by what a person can put right. */
import { rmSync } from "node:fs";
import { BenchError } from "./quorum/bench-error.ts";

/** 128 and the number of SIGINT, as shells have it. */
export const EXIT_INTERRUPTED = 130;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** A node that was killed just now may still have a file open. */
const REMOVE_TRIES = 5;

/** Aborted by Ctrl-C and its kin; the measurement then writes what it has and stops its nodes. */
export function endOnSignals(): AbortSignal {
  const ending = new AbortController();
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (!ending.signal.aborted) console.error("\nEnding: the results so far are written…");
      ending.abort();
    });
  }
  return ending.signal;
}

/** Ctrl-C and its kin end this process at once; its nodes end with it, and then this directory. */
export function exitOnSignals(directory: string): void {
  const remove = () =>
    rmSync(directory, { recursive: true, force: true, maxRetries: REMOVE_TRIES });
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      // Behind the listeners that kill the nodes.
      process.on("exit", remove);
      process.exit(EXIT_INTERRUPTED);
    });
  }
}

/** Runs it and sets the exit code; what a person can put right is one sentence and no stack. */
export async function runToEnd(measure: () => Promise<number> | Promise<void>): Promise<void> {
  try {
    const code = await measure();
    if (typeof code === "number") process.exitCode = code;
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    console.error(error.message);
    process.exitCode = error.exitCode;
  }
}
