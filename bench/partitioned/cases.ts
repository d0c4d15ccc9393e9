/** The kills that are measured: a cluster's workers, and the leader of one group. */
import { DEFAULT_HEARTBEATS, type Heartbeats } from "./cluster.ts";
import type { FailoverCase } from "./failover.ts";
import type { Extent } from "./options.ts";

const SHORT_HEARTBEATS: Heartbeats = { intervalMs: 250, timeoutMs: 1000, checkMs: 100 };
const SHORT_BOUND_MS = 1_500;
/** For the takeover itself, behind the last look of the controller. */
const TAKEOVER_MS = 1_000;

const CLUSTER = { workers: 4, partitions: 64, replicas: 3, writeQuorum: 2, pauseMs: 25 };
/** As `kvnode cluster --auto-failover`: the leader and three of its five followers must confirm. */
const GROUP = { workers: 6, partitions: 1, replicas: 6, writeQuorum: 4, pauseMs: 5 };

/** Four workers with many partitions, with default heartbeats and with short ones. */
export function clusterCases(extent: Extent): FailoverCase[] {
  return bothHeartbeats("a worker is killed", CLUSTER, extent);
}

/** Six workers with one partition. */
export function groupCases(extent: Extent): FailoverCase[] {
  const { groupRounds: rounds, groupShortRounds: shortRounds } = extent;
  return bothHeartbeats("one group, its leader is killed", GROUP, { rounds, shortRounds });
}

function bothHeartbeats(
  what: string,
  shape: typeof CLUSTER,
  extent: Pick<Extent, "rounds" | "shortRounds">,
): FailoverCase[] {
  const { timeoutMs, checkMs } = DEFAULT_HEARTBEATS;
  const cases = [
    {
      ...{ ...shape, name: `${what}, ${describe(DEFAULT_HEARTBEATS)}` },
      ...{ heartbeats: DEFAULT_HEARTBEATS, boundMs: timeoutMs + checkMs + TAKEOVER_MS },
      rounds: extent.rounds,
    },
    {
      ...{ ...shape, name: `${what}, ${describe(SHORT_HEARTBEATS)}` },
      ...{ heartbeats: SHORT_HEARTBEATS, boundMs: SHORT_BOUND_MS, rounds: extent.shortRounds },
    },
  ];
  return cases.filter(({ rounds }) => rounds > 0);
}

/** `1s/6s/2s`: interval, timeout, check. */
function describe({ intervalMs, timeoutMs, checkMs }: Heartbeats): string {
  return [intervalMs, timeoutMs, checkMs].map(short).join("/");
}

function short(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
