/** What the processes printed, in one file each, and who ended though nobody ended it. */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { Finished } from "../../support/kvnode-process.ts";

export class LogBook {
  /** Sentences on nodes that ended though nobody ended them. */
  readonly faults: string[] = [];
  /** The id of a node that may end by itself, as on a full disk it may not even start. */
  mayEnd: string | undefined;
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  ended(id: string, { code, stdout, stderr }: Finished, wanted: boolean): void {
    const heading = `--- ended with ${code}, ${wanted ? "as wanted" : "by itself"}\n`;
    appendFileSync(join(this.#directory, `${id}.log`), `${stdout}${stderr}${heading}`);
    if (wanted || this.mayEnd === id) return;
    this.faults.push(`${id} ended by itself with ${code}: ${stderr.slice(-500)}`);
  }
}
