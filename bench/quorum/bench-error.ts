/** What a person can put right: one sentence that says how, and the exit code. */
export class BenchError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.name = "BenchError";
    this.exitCode = exitCode;
  }
}

/** The exit code of a bad option. */
export const EXIT_USAGE = 2;
