/** How a measurement ends before its time. */

/** 128 and the number of SIGINT, as shells have it. */
export const EXIT_INTERRUPTED = 130;

/** Aborted by Ctrl-C and its kin; the measurement then writes what it has and stops its nodes. */
export function endOnSignals(): AbortSignal {
  const ending = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (!ending.signal.aborted) console.error("\nEnding: the results so far are written…");
      ending.abort();
    });
  }
  return ending.signal;
}
