/** The consistency check of all nodes, as the reports print it: missing, extra, stale. */
import Table from "cli-table3";
import { countDifferences } from "../../src/cli/compare-dumps.ts";
import { plural } from "./describe.ts";
import type { FollowerDifference } from "./results.ts";

/** How many keys of a kind are named before the rest is only counted. */
const NAMED_MAX = 5;

/** Whether any follower differs from the leader. */
export function differ(followers: readonly FollowerDifference[]): boolean {
  return followers.some(({ differences }) => countDifferences(differences) > 0);
}

/** The check as text for a terminal: a table, and what differs by name. */
export function describeConsistency(check: {
  readonly keys: number;
  readonly followers: readonly FollowerDifference[];
}): string {
  const table = new Table({
    head: ["follower", "missing", "extra", "stale"],
    colAligns: ["left", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  const named: string[] = [];
  for (const { follower, differences } of check.followers) {
    const { missing, extra } = differences;
    const stale = differences.stale.map(({ key }) => key);
    table.push([follower, missing.length, extra.length, stale.length]);
    for (const [kind, keys] of Object.entries({ missing, extra, stale })) {
      if (keys.length > 0) named.push(`${follower} ${kind}: ${nameSome(keys)}`);
    }
  }
  const nodes = check.followers.length + 1;
  const verdict = differ(check.followers)
    ? "The nodes differ."
    : `All ${nodes} nodes are equal: the same keys, values and versions.`;
  const keys = plural(check.keys, "key");
  const head = `Consistency of ${plural(nodes, "node")}, ${keys} at the leader`;
  return [head, table.toString(), ...named, verdict].join("\n");
}

function nameSome(keys: readonly string[]): string {
  const some = keys.slice(0, NAMED_MAX).join(", ");
  return keys.length > NAMED_MAX ? `${some} and ${keys.length - NAMED_MAX} more` : some;
}
