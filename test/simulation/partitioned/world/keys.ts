/** Keys for a run: every partition has some, and one that tells whether writes go on. */
import { partitionOf } from "../../../../src/core/placement.ts";

export interface KeySpace {
  /** What clients work on; at least one in each partition. */
  readonly client: readonly string[];
  /** By partition; hides no loss at the others. */
  readonly probes: readonly string[];
  /** What a written schedule works on, in partition 0; clients leave it as it is. */
  readonly staged: string;
  readonly all: readonly string[];
}

/** One key of each partition for the clients, or so many in all if that is more. */
export function spreadKeys(partitions: number, keys: number): KeySpace {
  const count = Math.max(keys, partitions);
  const client = Array.from({ length: count }, (_, index) =>
    keyOf(`k${index}`, index % partitions, partitions),
  );
  const probes = Array.from({ length: partitions }, (_, partition) =>
    keyOf(`probe${partition}`, partition, partitions),
  );
  const staged = keyOf("staged", 0, partitions);
  return { client, probes, staged, all: [...client, ...probes, staged] };
}

/** The first key of this name that belongs to the partition. */
function keyOf(name: string, partition: number, partitions: number): string {
  for (let attempt = 0; ; attempt++) {
    const key = attempt === 0 ? name : `${name}-${attempt}`;
    if (partitionOf(key, partitions) === partition) {
      return key;
    }
  }
}
