/** What both ends of a measured part know; and the other end as a process. */
import { join } from "node:path";
import { processorSeconds } from "../cluster/process-use.ts";
import { BenchError } from "../quorum/bench-error.ts";

export type Role = "tcp" | "link" | "bun" | "elysia" | "sync";

/** About what a follower's acknowledgement takes. */
export const ANSWER_BYTES = 40;
/** What SQLite writes for a page of a small commit, into a file that is written over and over. */
export const FRAME_BYTES = 24 + 4_096;
export const FRAMES = 2_000;

const SCRIPT = join(import.meta.dir, "part-process.ts");

/** See part-process.ts. */
export class Part {
  readonly port: number;
  readonly #process: ReturnType<typeof spawn>;
  readonly #lines: ReturnType<typeof linesOf>;

  private constructor(
    process: ReturnType<typeof spawn>,
    { port, lines }: { port: number; lines: ReturnType<typeof linesOf> },
  ) {
    this.port = port;
    this.#process = process;
    this.#lines = lines;
  }

  /** Resolves when it listens, or works. */
  static async start(role: Role, ...more: readonly string[]): Promise<Part> {
    const process = spawn([role, ...more]);
    const lines = linesOf(process);
    const { value } = await lines.read();
    const port = Number(value);
    if (value === undefined || !Number.isFinite(port)) {
      process.kill();
      throw new BenchError(`The measured part ${role} did not start.`);
    }
    return new Part(process, { port, lines });
  }

  /** User and system time of its process so far. */
  get cpuSeconds(): number {
    return processorSeconds(this.#process.pid);
  }

  /** The number on its next line. */
  async nextNumber(): Promise<number> {
    const { value = "" } = await this.#lines.read();
    return Number(value.trim().split("\n").at(-1));
  }

  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.#process.exited;
  }
}

function spawn(words: readonly string[]) {
  return Bun.spawn([process.execPath, SCRIPT, ...words], {
    // It ends with this process, however that ends.
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
    // Ctrl-C reaches the measurement alone.
    detached: true,
  });
}

function linesOf(process: ReturnType<typeof spawn>) {
  return process.stdout.pipeThrough(new TextDecoderStream()).getReader();
}
