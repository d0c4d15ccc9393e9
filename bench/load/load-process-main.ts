/** The process of load-process.ts: takes a load, tells its progress, gives its result. */
import type { FromDriver, ToDriver } from "./load-process.ts";
import { runLoad } from "./run-load.ts";

/** Telling costs the driver time that is missing in what it measures. */
const TELL_EVERY_MS = 200;

let stop = new AbortController();

function tell(message: FromDriver): void {
  process.send?.(message);
}

async function take(message: ToDriver): Promise<void> {
  if (message === "stop") {
    stop.abort();
    return;
  }
  stop = new AbortController();
  let toldAt = performance.now();
  const onProgress = (settled: number) => {
    if (performance.now() - toldAt < TELL_EVERY_MS) return;
    toldAt = performance.now();
    tell({ settled });
  };
  try {
    const result = await runLoad(message.spec, { onProgress, signal: stop.signal });
    // What this load has left is not to be swept up during the next one.
    Bun.gc(true);
    tell({ result });
  } catch (error) {
    tell({ error: error instanceof Error ? error.message : String(error) });
  }
}

process.on("message", (message: ToDriver) => void take(message));
// Who started this process has ended, in whatever way.
process.on("disconnect", () => process.exit());
