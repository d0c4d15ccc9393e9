/** Where the nodes of a measurement have their disks. */
import { mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";

/** A new directory in `parent`, which is made where it is missing; the caller removes it. */
export async function makeScratch(parent: string, measurement: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  return await mkdtemp(join(parent, `kvnode-${measurement}-`));
}
