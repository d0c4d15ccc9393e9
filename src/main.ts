/** Picks the command and, for `serve`, the role; src/serving wires the real parts. */
import { createLogger } from "./base/pino-logger.ts";
import { EXIT } from "./cli/exit-code.ts";
import { runProgram } from "./cli/program.ts";
import type { ReadSettings } from "./config.ts";
import { serveController } from "./serving/controller.ts";
import { serveGroupNode } from "./serving/group-node.ts";
import { serveWorker } from "./serving/worker.ts";

/** Runs one real node from its settings until it is told to stop. */
async function serve(read: ReadSettings): Promise<void> {
  const { settings } = read;
  const logger = createLogger(settings);
  for (const reason of read.ignored) logger.warn("settings.ignored", { reason });
  switch (settings.role) {
    case "controller":
      return serveController({ asked: settings, described: read.described, logger });
    case "worker":
      return serveWorker({ asked: settings, described: read.described, given: read.given, logger });
    default:
      return serveGroupNode({ asked: settings, described: read.described, logger });
  }
}

/**
 * What nobody caught is a broken invariant or worse: the process ends at once. Without this the
 * runtime prints it and goes on, since this file waits for as long as the node lives.
 */
function crash(error: unknown): never {
  process.stderr.write(
    `kvnode: a fault in kvnode itself, so this node ends.\n${Bun.inspect(error)}\n`,
  );
  process.exit(EXIT.fault);
}

process.on("uncaughtException", crash);
process.on("unhandledRejection", crash);
process.exitCode = await runProgram({ serve }, process.argv.slice(2));
