/** The processes' own log lines are part of the story, where somebody reads it. */
import type { Logger } from "../../../../src/base/log.ts";
import type { Trace } from "../../trace.ts";

/** Lines of the process of this name go into the trace. */
export function createTraceLogger(trace: Trace, name: string): Logger {
  const line = (event: string, fields: object = {}) => {
    trace.note([event.length], () => `${name} ${event} ${JSON.stringify(fields)}`);
  };
  return { debug: () => {}, info: line, warn: line, error: line };
}
