/** A real disk that is soon full: a file system in memory, where we may mount one. */
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SmallDisk {
  readonly path: string;
  unmount(): void;
}

/** Mounts a disk of so many KiB; where that is not allowed, the reason. */
export function mountSmallDisk(kibibytes: number): SmallDisk | string {
  return mount(`size=${kibibytes}k`);
}

/** Mounts an empty, read-only disk; where that is not allowed, the reason. */
export function mountReadOnly(): SmallDisk | string {
  return mount("size=64k,ro");
}

function mount(options: string): SmallDisk | string {
  const path = mkdtempSync(join(tmpdir(), "kvnode-disk-"));
  const refusal = complaintOf(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path]);
  if (refusal !== undefined) {
    rmdirSync(path);
    return refusal;
  }
  const unmount = () => {
    complaintOf(["umount", "--lazy", path]);
    rmdirSync(path);
  };
  return { path, unmount };
}

function complaintOf(command: string[]): string | undefined {
  try {
    const { exitCode, stderr } = Bun.spawnSync(command);
    return exitCode === 0 ? undefined : stderr.toString().trim();
  } catch (error) {
    return String(error);
  }
}
