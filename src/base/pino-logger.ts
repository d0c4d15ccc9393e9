/** The log by pino: one JSON line an event, or a readable line on a terminal. */
import pino from "pino";
import pretty from "pino-pretty";
import type { Logger } from "./log.ts";

export interface LoggerOptions {
  /** Stands on every line. */
  readonly nodeId: string;
  readonly logLevel: string;
  readonly logFormat: "pretty" | "json";
}

/**
 * Writes to standard output, each line at once: a node that crashes has said what it had to say.
 */
export function createLogger({ nodeId, logLevel, logFormat }: LoggerOptions): Logger {
  const stream =
    logFormat === "pretty"
      ? pretty({ colorize: process.stdout.isTTY, ignore: "pid,hostname,node", sync: true })
      : pino.destination({ dest: 1, sync: true });
  const log = pino({ level: logLevel, base: { node: nodeId } }, stream);
  return {
    debug: (event, fields = {}) => log.debug(fields, event),
    info: (event, fields = {}) => log.info(fields, event),
    warn: (event, fields = {}) => log.warn(fields, event),
    error: (event, fields = {}) => log.error(fields, event),
  };
}
