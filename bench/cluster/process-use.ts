/** What a process takes of the machine, as Linux says it in /proc. */
import { readFileSync } from "node:fs";
import { BenchError } from "../quorum/bench-error.ts";

/** The unit of the times in /proc, on every Linux that runs programs as they come. */
const TICKS_PER_SECOND = 100;
const USER_FIELD = 11;
const SYSTEM_FIELD = 12;
const KIBIBYTE = 1024;

/** User and system time in seconds, of all its threads; throws BenchError where it has ended. */
export function processorSeconds(processId: number): number {
  const text = read(processId, "stat");
  // The second field is the name in brackets, which may hold blanks and brackets itself.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[USER_FIELD]) + Number(fields[SYSTEM_FIELD])) / TICKS_PER_SECOND;
}

/** Resident memory; throws BenchError where the process has ended. */
export function residentBytes(processId: number): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(read(processId, "status"));
  return Number(found?.[1]) * KIBIBYTE;
}

function read(processId: number, file: string): string {
  try {
    return readFileSync(`/proc/${processId}/${file}`, "utf8");
  } catch {
    throw new BenchError(
      `Of process ${processId} nothing stands in /proc: it has ended, or this is not Linux.`,
    );
  }
}
