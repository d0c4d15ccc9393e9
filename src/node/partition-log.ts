/**
 * The log of one group among many. What is news in a group of its own is routine where a controller
 * moves hundreds of them about, and tells of it itself: such lines are for who looks closely.
 */
import type { Logger } from "../base/log.ts";

/** Each line names the partition; what was information is a detail. */
export function partitionLogger(logger: Logger, partition: number): Logger {
  return {
    debug: (event, fields) => logger.debug(event, { partition, ...fields }),
    info: (event, fields) => logger.debug(event, { partition, ...fields }),
    warn: (event, fields) => logger.warn(event, { partition, ...fields }),
    error: (event, fields) => logger.error(event, { partition, ...fields }),
  };
}
