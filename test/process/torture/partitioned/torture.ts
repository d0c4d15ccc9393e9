/** A whole run with partitioned clusters: one after the other, each through some rounds. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSeededRandom } from "../../../../src/base/random.ts";
import { FAST_ROOT } from "../../../support/temporary-directory.ts";
import { FillableDisk } from "../fillable-disk.ts";
import type { TortureOptions } from "../options.ts";
import type { TortureEvents, Verdict } from "../torture.ts";
import type { Settings } from "./crew.ts";
import { describePlan, drawPlans } from "./plan.ts";
import { ClusterTally } from "./tally.ts";
import { TorturedCluster } from "./tortured-cluster.ts";

const ROUNDS_PER_CLUSTER_MAX = 20;
/** So many clusters at least, as far as there are rounds. */
const CLUSTERS_MIN = 4;
/** Apart from each other as seeds. */
const SEED_STEP = 1_000_003;

/** Runs until a round goes wrong, all are over, or `stop` is aborted. */
export async function torturePartitioned(
  { rounds, seed }: TortureOptions,
  events: TortureEvents,
  stop: AbortSignal,
): Promise<Verdict> {
  const tally = new ClusterTally();
  const probe = FillableDisk.mount();
  const fillable = typeof probe !== "string";
  if (fillable) probe.unmount();
  else events.skipped(`full disks: no small one can be mounted (${probe})`);
  const drawDurable = drawPlans(createSeededRandom(seed), { fillable, durable: true });
  const drawInMemory = drawPlans(createSeededRandom(seed + 1), { fillable: false, durable: false });
  const perCluster = Math.min(ROUNDS_PER_CLUSTER_MAX, Math.ceil(rounds / CLUSTERS_MIN));
  const goesOn = () => tally.rounds < rounds && !stop.aborted;

  const torment = async (cluster: TorturedCluster): Promise<readonly string[]> => {
    let story = "the start of a cluster";
    const tell = (wrong: readonly string[]) => wrong.map((each) => `${story}: ${each}`);
    try {
      await cluster.start();
      for (let left = perCluster; left > 0 && goesOn(); left--) {
        const plan = cluster.crew.settings.durable ? drawDurable() : drawInMemory();
        story = `${cluster.story}: ${describePlan(plan)}`;
        events.round(tally.rounds, story);
        const wrong = await cluster.round(plan);
        if (wrong.length > 0) return tell(wrong);
        tally.rounds += 1;
      }
      return [];
    } catch (error) {
      return tell([error instanceof Error ? error.message : String(error)]);
    }
  };

  for (let number = 0; goesOn(); number++) {
    // Every third one on a disk that is as slow as disks are: others meet more in the same time.
    const root = number % 3 === 2 ? tmpdir() : FAST_ROOT;
    const directory = mkdtempSync(join(root, "kvnode-torture-"));
    const settings = settingsOf(number);
    const disk = fillable && settings.durable ? FillableDisk.mount() : undefined;
    const random = createSeededRandom((seed + (number + 1) * SEED_STEP) | 0);
    const small = typeof disk === "string" ? undefined : disk;
    const cluster = new TorturedCluster({ directory, random, tally, disk: small, settings });
    const wrong = await torment(cluster);
    // Who interrupts this run may have told the nodes to stop, too.
    const found = wrong.length > 0 && !stop.aborted;
    await cluster.end(found);
    if (found) return { tally, wrong, story: cluster.story, kept: directory };
  }
  return { tally, wrong: [], story: undefined, kept: undefined };
}

/** Each cluster has others: mostly the usual quorum, at times all copies, at times no disks. */
function settingsOf(number: number): Settings {
  const copies = [
    { partitions: 16, replicas: 3, writeQuorum: 2 },
    { partitions: 8, replicas: 3, writeQuorum: 3 },
    { partitions: 32, replicas: 3, writeQuorum: 2 },
    { partitions: 16, replicas: 3, writeQuorum: 2, durable: false },
    { partitions: 16, replicas: 2, writeQuorum: 2 },
  ] as const;
  const slow = number % 2 === 1;
  const more = slow ? { MIN_DELAY: "0.1ms", MAX_DELAY: "3ms", REBALANCE_RATE: "1MiB" } : {};
  return {
    durable: true,
    ...(copies[number % copies.length] as (typeof copies)[number]),
    ballast: slow,
    env: { REPLICATION_TIMEOUT: "2s", ...more },
  };
}
