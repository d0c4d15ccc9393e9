/**
 * The load driver in a process of its own, so that who starts it can draw its progress, and so that
 * its processor time is the driver's alone. It takes one load after the other: kept over the rounds
 * of a measurement, its code stays compiled.
 */
import { join } from "node:path";
import type { Subprocess } from "bun";
import type { LoadResult, LoadSpec } from "./load-spec.ts";
import type { LoadWatch } from "./run-load.ts";

/** What goes to the process. */
export type ToDriver = { readonly spec: LoadSpec } | "stop";

/** What it says. */
export type FromDriver =
  | { readonly settled: number }
  | { readonly result: LoadResult }
  | { readonly error: string };

const SCRIPT = join(import.meta.dir, "load-process-main.ts");

interface Run {
  readonly onProgress: ((settled: number) => void) | undefined;
  readonly ended: PromiseWithResolvers<LoadResult>;
}

/** See the file's head; starts with the constructor, ends with `stop` or with this process. */
export class LoadProcess {
  readonly #process: Subprocess<"ignore", "inherit", "inherit">;
  #run: Run | undefined;

  constructor() {
    this.#process = Bun.spawn([process.execPath, SCRIPT], {
      stdin: "ignore",
      stdout: "inherit",
      stderr: "inherit",
      // Ctrl-C reaches the measurement alone, which ends what it has started.
      detached: true,
      ipc: (message: FromDriver) => this.#take(message),
      onExit: () => this.#run?.ended.reject(new Error("The load driver's process has ended.")),
    });
  }

  /** Of the process. */
  get pid(): number {
    return this.#process.pid;
  }

  /** Runs a load to its end, or to the signal; one at a time. */
  async run(spec: LoadSpec, { onProgress, signal }: LoadWatch = {}): Promise<LoadResult> {
    if (this.#run !== undefined) throw new Error("The load driver has a load already.");
    const ended = Promise.withResolvers<LoadResult>();
    this.#run = { onProgress, ended };
    const stop = () => this.#send("stop");
    signal?.addEventListener("abort", stop);
    try {
      this.#send({ spec });
      if (signal?.aborted) stop();
      return await ended.promise;
    } finally {
      signal?.removeEventListener("abort", stop);
      this.#run = undefined;
    }
  }

  /** Ends the process, and with it a load under way. */
  async stop(): Promise<void> {
    this.#process.kill();
    await this.#process.exited;
  }

  #send(message: ToDriver): void {
    this.#process.send(message);
  }

  #take(message: FromDriver): void {
    if (this.#run === undefined) return;
    const { ended, onProgress } = this.#run;
    if ("settled" in message) onProgress?.(message.settled);
    else if ("result" in message) ended.resolve(message.result);
    else ended.reject(new Error(message.error));
  }
}
