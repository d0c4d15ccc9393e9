/**
 * Preloaded into the leader (BUN_OPTIONS), so that the product itself is what runs: a clock that says
 * on standard error when its event loop did not turn. The runtime's own log of collections
 * (BUN_JSC_logGC) goes to the same place, so what stands between two ticks happened between them.
 *
 * A line is `@time gap processor`: when the tick came (epoch), how long after the one before it, and
 * how long this thread had a processor meanwhile; all in milliseconds.
 */
import { writeSync } from "node:fs";

/** Short beside the stalls that matter, and seldom enough to cost nothing. */
const TICK_MS = 5;
const STANDARD_ERROR = 2;

let last = performance.now();
let lastCpu = threadMs();

setInterval(() => {
  const now = performance.now();
  const cpu = threadMs();
  const at = (performance.timeOrigin + now).toFixed(1);
  writeSync(STANDARD_ERROR, `\n@${at} ${(now - last).toFixed(2)} ${(cpu - lastCpu).toFixed(2)}\n`);
  last = now;
  lastCpu = cpu;
}, TICK_MS).unref();

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
