/**
 * Who acknowledged in which epoch. A worker that leads again within a generation takes a new
 * epoch, which people do not see; but no two acknowledged writes of a partition may ever have the
 * same version, and no two workers may acknowledge in one generation.
 */
import { partitionOf } from "../../../../src/core/placement.ts";
import type { Answered } from "../../../linearizability/recorder.ts";

export class Acknowledgers {
  readonly #partitions: number;
  /** By partition and generation. */
  readonly #nodes = new Map<string, string>();
  /** By partition and version: what was written. */
  readonly #writes = new Map<string, string>();

  constructor(partitions: number) {
    this.#partitions = partitions;
  }

  /** A sentence on what is wrong with an acknowledgement; undefined if nothing is. */
  note({ operation, body }: Answered): string | undefined {
    const { key, kind, value, outcome } = operation;
    if (kind === "read" || outcome !== "ok") return undefined;
    const { version, node } = JSON.parse(body) as { version: string; node: string };
    const partition = partitionOf(key, this.#partitions);
    const [generation] = version.split(".");
    const before = this.#nodes.get(`${partition}/${generation}`);
    if (before !== undefined && before !== node) {
      return `${before} and ${node} acknowledged writes of partition ${partition} in ${generation}`;
    }
    this.#nodes.set(`${partition}/${generation}`, node);
    const what = `${kind} of ${key}: ${value ?? "(absent)"}`;
    const other = this.#writes.get(`${partition}/${version}`);
    this.#writes.set(`${partition}/${version}`, what);
    if (other === undefined) return undefined;
    return `partition ${partition} has two writes of version ${version}: ${other}; ${what}`;
  }
}
