/** What the commands' exit codes mean, so that a script can go by them. */

export const EXIT = {
  ok: 0,
  no: 1,
  usage: 2,
  unreachable: 3,
  indeterminate: 4,
  fault: 70,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The paragraph that stands in every command's help. */
export const EXIT_HELP = `
Exit codes:
  0   done
  1   the answer is no (key not found, write refused, nodes differ, not healthy)
  2   wrong usage or setting
  3   the node can't be reached, so nothing was done
  4   indeterminate: the write may have been applied and may still survive
  70  a fault in kvnode itself
`;

/** Ends a command: one sentence for stderr and an exit code. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode) {
    super(message);
    this.name = "CommandError";
    this.exitCode = exitCode;
  }
}
