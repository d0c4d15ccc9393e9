/** One process through all its lives: it is killed, stopped, robbed and started again. */
import { rmSync } from "node:fs";
import { type Finished, type GroupNode, startNode } from "../../support/kvnode-process.ts";

/** How long a node may take for one of the questions here. */
const ASK_MS_MAX = 2_000;

export interface LifeOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Called at the end of each life; `wanted`: somebody ended it. */
  readonly ended: (id: string, end: Finished, wanted: boolean) => void;
}

export class Life {
  readonly id: string;
  readonly url: string;
  /** Where its database lies; undefined in memory mode. */
  readonly directory: string | undefined;
  readonly #options: LifeOptions;
  #process: GroupNode | undefined;
  #wanted = false;
  #paused = false;

  constructor(options: LifeOptions) {
    const { env } = options;
    this.id = env.NODE_ID ?? "";
    this.url = `http://127.0.0.1:${env.PORT}`;
    this.directory = env.DATA_DIR;
    this.#options = options;
  }

  get running(): boolean {
    return this.#process !== undefined;
  }

  /** It runs and may answer. */
  get awake(): boolean {
    return this.running && !this.#paused;
  }

  /** What this life has printed so far. */
  get output(): string {
    return this.#process?.stdout() ?? "";
  }

  start(): void {
    if (this.#process !== undefined) return;
    const process = startNode(this.#options.env);
    this.#process = process;
    this.#wanted = false;
    void process.finished.then((end) => {
      if (this.#process !== process) return;
      this.#process = undefined;
      this.#paused = false;
      this.#options.ended(this.id, end, this.#wanted);
    });
  }

  /** Kills it hard and resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Tells it to stop; resolves when it has. */
  async stop(): Promise<void> {
    this.resume();
    await this.#end("SIGTERM");
  }

  pause(): void {
    this.#process?.kill("SIGSTOP");
    this.#paused = this.running;
  }

  resume(): void {
    this.#process?.kill("SIGCONT");
    this.#paused = false;
  }

  /** Removes all that it stored; it must not run. */
  loseDisk(): void {
    if (this.directory === undefined || this.running) return;
    rmSync(this.directory, { recursive: true });
  }

  /** One call; throws where no answer comes in time. */
  ask(method: string, path: string, body?: unknown, timeoutMs = ASK_MS_MAX): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method,
      signal: AbortSignal.timeout(timeoutMs),
      // A connection to a life that is over is of no use.
      headers: { connection: "close" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    this.#wanted = true;
    process.kill(signal);
    await process.finished;
  }
}
