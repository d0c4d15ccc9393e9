/** Picks the command and wires the real parts; nothing else does. */
import { CommandError, EXIT } from "./cli/exit-code.ts";
import { runProgram } from "./cli/program.ts";

process.exitCode = await runProgram(
  {
    serve: () => {
      throw new CommandError("The node is not wired yet.", EXIT.fault);
    },
  },
  process.argv.slice(2),
);
