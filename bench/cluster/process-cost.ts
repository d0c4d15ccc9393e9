/** What a process has spent and holds, as Linux counts it: also of one that has no metrics. */
import { readFileSync } from "node:fs";
import { BenchError } from "../quorum/bench-error.ts";

export interface ProcessCost {
  /** Processor time of all its threads, user and system, since its start. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

/** Linux shows times to everybody in ticks of 10 ms, whatever the kernel counts in. */
const TICKS_PER_SECOND = 100;
const KIBIBYTE = 1024;

/** Throws BenchError where the process has ended, or where there is no /proc. */
export function readProcessCost(processId: number): ProcessCost {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, "utf8");
    const status = readFileSync(`/proc/${processId}/status`, "utf8");
    return { cpuSeconds: cpuSecondsIn(stat), rssBytes: rssBytesIn(status) };
  } catch (error) {
    const { code } = error as { code?: string };
    throw new BenchError(
      `Process ${processId} shows no processor time (${code ?? String(error)}): it has ended, or ` +
        "this system has no /proc.",
    );
  }
}

/** utime and stime of a line of /proc/PID/stat, whose second field may hold spaces and brackets. */
export function cpuSecondsIn(stat: string): number {
  // Behind the name: the state is the third field, utime the fourteenth, stime the fifteenth.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** VmRSS of a /proc/PID/status; 0 for a process that has ended and is not waited for. */
export function rssBytesIn(status: string): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * KIBIBYTE;
}
