/** The processes of one peer: started, watched until they are ready, ended by their own ids. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  checkRunning,
  HOST,
  killNodes,
  type NodeProcess,
  stopNodes,
} from "../../cluster/node-process.ts";
import { BenchError } from "../../quorum/bench-error.ts";

const READY_MS_MAX = 30_000;
const POLL_MS = 20;
const CALL_MS_MAX = 2_000;
/** With it a peer's process ends with the measurement also when that is killed. */
const LEASH = Bun.which("setpriv") === null ? [] : ["setpriv", "--pdeathsig", "KILL", "--"];

export interface PeerStart {
  readonly name: string;
  readonly words: readonly string[];
  /** Beside PATH: nothing in the shell of the person who measures changes what is measured. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** See the file's head. Processes stand in the order of their starts. */
export class PeerGroup {
  readonly #logDirectory: string;
  readonly #processes = new Map<string, NodeProcess>();
  readonly #killAll = () => killNodes([...this.#processes.values()]);

  constructor(logDirectory: string) {
    this.#logDirectory = logDirectory;
    // The last resort: whatever ends this process, its peers end with it.
    process.on("exit", this.#killAll);
  }

  async start({ name, words, environment = {} }: PeerStart): Promise<void> {
    await mkdir(this.#logDirectory, { recursive: true });
    const log = join(this.#logDirectory, `${name}.log`);
    const child = Bun.spawn([...LEASH, ...words], {
      env: { PATH: process.env.PATH ?? "", ...environment },
      stdin: "pipe",
      stdout: Bun.file(log),
      stderr: Bun.file(`${log}.stderr`),
      // A group of its own: Ctrl-C reaches the measurement alone, which then ends its peers.
      detached: true,
    });
    this.#processes.set(name, { name, process: child, log });
  }

  /** Ends one process and forgets it. */
  async end(name: string): Promise<void> {
    const node = this.#processes.get(name);
    if (node === undefined) return;
    await stopNodes([node]);
    this.#processes.delete(name);
  }

  processId(name: string): number {
    const node = this.#processes.get(name);
    if (node === undefined) throw new BenchError(`There is no process ${name}.`);
    return node.process.pid;
  }

  /** Throws BenchError where a process has ended. */
  async check(): Promise<void> {
    await checkRunning([...this.#processes.values()]);
  }

  /** Resolves when it is so; throws BenchError where a process ends first or it takes too long. */
  async until(what: string, so: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + READY_MS_MAX;
    for (;;) {
      await this.check();
      if (await so().catch(() => false)) return;
      if (performance.now() > deadline) {
        const seconds = READY_MS_MAX / 1000;
        throw new BenchError(`${what}: not so within ${seconds} s; see ${this.#logDirectory}.`);
      }
      await Bun.sleep(POLL_MS);
    }
  }

  /** Ends all; nothing of them is needed any more. */
  async stop(): Promise<void> {
    this.#killAll();
    await Promise.all([...this.#processes.values()].map((node) => node.process.exited));
    this.#processes.clear();
    process.off("exit", this.#killAll);
  }
}

/** The JSON that a node on this port answers; throws BenchError where it does not. */
export async function askJson(port: number, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`http://${HOST}:${port}${path}`, {
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    headers: { "Content-Type": "application/json" },
    signal: AbortSignal.timeout(CALL_MS_MAX),
  }).catch((error) => {
    throw new BenchError(`${path} on port ${port} is not answered: ${String(error)}`);
  });
  if (!response.ok) throw new BenchError(`${path} on port ${port} answers ${response.status}.`);
  return await response.json();
}
