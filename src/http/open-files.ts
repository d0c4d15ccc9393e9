/**
 * How many files and sockets this process has open, and how many it may have. The runtime's server
 * does not tell how many connections it has, so that the system is asked; where it does not say,
 * nobody guesses.
 */
import { readFileSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";

/** Open files and sockets of this process; undefined where the system does not say. */
export async function countOpenFiles(): Promise<number | undefined> {
  try {
    // Linux 6.2 and later: the directory's size is the number of its entries, and costs no listing.
    const { size } = await stat("/proc/self/fd");
    if (size > 0) return size;
  } catch {
    // Another system.
  }
  try {
    return (await readdir("/dev/fd")).length;
  } catch (error) {
    // To list a directory takes a file, and there is none left.
    return (error as { code?: string }).code === "EMFILE" ? Number.POSITIVE_INFINITY : undefined;
  }
}

/** How many files this process may have open; undefined where the system does not say. */
export function openFilesMax(): number | undefined {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    const max = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]);
    return Number.isSafeInteger(max) ? max : undefined;
  } catch {
    return undefined;
  }
}
