/**
 * Preloaded into the leader (BUN_OPTIONS), so that the product itself is what runs: a clock that
 * says on standard error when its event loop did not turn. The runtime's own log of collections
 * (BUN_JSC_logGC) goes to the same place, so what stands between two ticks happened between them.
 *
 * A line is `@time gap processor`: when the tick came (epoch), how long after the one before it,
 * and how long this thread had a processor meanwhile; all in milliseconds. Where the gap was long,
 * the line before it is `#samples and stack`: where the sampling profiler found the thread most
 * often.
 */
import * as engine from "bun:jsc";
import { writeSync } from "node:fs";

/** Short beside the stalls that matter, and seldom enough to cost little. */
const TICK_MS = 5;
/** Shorter turns are the usual ones of a loaded loop. */
const NAMED_MS_LEAST = 8;
const FRAMES_NAMED = 3;
const STANDARD_ERROR = 2;

interface Profiler {
  startSamplingProfiler(): void;
  /** Those since the last call. */
  samplingProfilerStackTraces(): {
    readonly traces: readonly { readonly frames: readonly { readonly name: string }[] }[];
  };
}

// The runtime's types misspell the second name.
const profiler = engine as unknown as Profiler;
const profiled = process.env.KVNODE_SOAK_PROFILE === "1";
if (profiled) profiler.startSamplingProfiler();

let last = performance.now();
let lastCpu = threadMs();

setInterval(() => {
  const now = performance.now();
  const cpu = threadMs();
  const gap = now - last;
  // Read at every tick, since what nobody reads is kept.
  const work = profiled ? mostSampled() : "";
  // Who had no processor did nothing that is worth a name.
  const long = gap >= NAMED_MS_LEAST && cpu - lastCpu >= TICK_MS;
  const named = long && work !== "" ? `#${work}\n` : "";
  const at = (performance.timeOrigin + now).toFixed(1);
  const tick = `@${at} ${gap.toFixed(2)} ${(cpu - lastCpu).toFixed(2)}\n`;
  writeSync(STANDARD_ERROR, `\n${named}${tick}`);
  last = now;
  lastCpu = cpu;
}, TICK_MS).unref();

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** `12 of 14 samples in filter < add < apply`: the innermost functions that have a name first. */
function mostSampled(): string {
  const { traces } = profiler.samplingProfilerStackTraces();
  const counts = new Map<string, number>();
  for (const { frames } of traces) {
    const names = frames.map(({ name }) => name).filter((name) => name !== "");
    if (names.includes(mostSampled.name)) continue;
    const stack = names.slice(0, FRAMES_NAMED).join(" < ");
    counts.set(stack, (counts.get(stack) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([, one], [, other]) => other - one);
  if (most === undefined || most[0] === "") return "";
  return `${most[1]} of ${traces.length} samples in ${most[0]}`;
}
