/** Watches the lab's one partition: says who leads, and how long nobody could write. */
import { CommandError } from "../exit-code.ts";
import { NodeClient } from "../node-client.ts";
import { colors, printLine } from "../output.ts";
import { type ClusterStatus, readCluster } from "../partitioned/cluster-status.ts";
import type { ChildNode } from "./child-node.ts";
import { PROBE_EVERY_MS, type Probed, probeWrites } from "./failover-probe.ts";

const POLL_MS = 100;
const ASK_TIMEOUT_MS = 1_000;
/** A heartbeat may be late by chance; one that is later than this is looked into. */
const LATE_INTERVALS = 2.5;

export interface FailoverWatchOptions {
  /** URL of the controller. */
  readonly controller: string;
  readonly workers: readonly ChildNode[];
  readonly heartbeatIntervalMs: number;
  readonly stopped: () => boolean;
}

export class FailoverWatch {
  readonly #options: FailoverWatchOptions;
  readonly #controller: NodeClient;
  /** The id of who led last. */
  #leader: string | undefined;
  #probing = false;

  constructor(options: FailoverWatchOptions) {
    this.#options = options;
    this.#controller = new NodeClient(options.controller, ASK_TIMEOUT_MS);
    for (const worker of options.workers) void this.#watchEnd(worker);
  }

  /** Resolves with the cluster and the id of whoever leads first, and goes on watching. */
  async start(): Promise<Pick<ClusterStatus, "cluster"> & { leader: string | undefined }> {
    let now: ClusterStatus | undefined;
    while (this.#leader === undefined && !this.#options.stopped()) {
      now = await this.#ask();
      this.#leader = leaderOf(now);
      await Bun.sleep(POLL_MS);
    }
    void this.#watchStatus();
    return { cluster: now?.cluster ?? null, leader: this.#leader };
  }

  async #watchStatus(): Promise<void> {
    for (; !this.#options.stopped(); await Bun.sleep(POLL_MS)) {
      const now = await this.#ask();
      if (this.#probing || now === undefined || this.#leader === undefined) continue;
      const known = now.workers.find(({ id }) => id === this.#leader);
      const lateMs = this.#options.heartbeatIntervalMs * LATE_INTERVALS;
      const leader = leaderOf(now);
      if (leader === this.#leader && (known?.heartbeatAgeMs ?? 0) > lateMs) {
        await this.#measure(this.#leader, "the time when its heartbeat was late");
      } else if (leader !== undefined && leader !== this.#leader) {
        const how = known?.status === "down" ? `${known.id} is down` : "it was handed the lead";
        printLine(`${colors.green(leader)} leads now${this.#whereabouts(leader, now)}: ${how}.`);
        this.#leader = leader;
      }
    }
  }

  /** The end of a process is seen at once, long before its heartbeats are missed. */
  async #watchEnd(worker: ChildNode): Promise<void> {
    await worker.ended;
    const { id } = worker.plan;
    if (this.#options.stopped() || id !== this.#leader || this.#probing) return;
    await this.#measure(id, `the end of ${id}'s process`);
  }

  /** Measures from now on, and says what came of it. */
  async #measure(before: string, since: string): Promise<void> {
    this.#probing = true;
    const probed = await probeWrites(() => this.#someoneElse(before), this.#options.stopped);
    if (!this.#options.stopped()) await this.#announce(before, since, probed);
    this.#probing = false;
  }

  async #announce(before: string, since: string, { ms, tries, through }: Probed): Promise<void> {
    let now: ClusterStatus | undefined;
    while (now === undefined && !this.#options.stopped()) now = await this.#ask();
    // Whoever has acknowledged is the primary by now, also where the controller has not heard it.
    const leader = now?.partitions[0]?.primary ?? undefined;
    // It had only been silent to its controller, or was started again before it was missed.
    if (leader === undefined || leader === before) return;
    this.#leader = leader;
    printLine(
      `${colors.green(leader)} leads now${this.#whereabouts(leader, now)}: ` +
        `${colors.bold(`${(ms / 1000).toFixed(2)} s without writes`)}, from ${since} until ` +
        `${through} had a write acknowledged; one was tried every ${PROBE_EVERY_MS} ms, ` +
        `${tries} in all.`,
    );
  }

  /** Process and generation, as far as they are known. */
  #whereabouts(leader: string, now: ClusterStatus | undefined): string {
    const child = this.#options.workers.find(({ plan }) => plan.id === leader);
    const generation = now?.partitions[0]?.generation;
    const parts = [
      ...(child?.running ? [`process ${child.pid}`] : []),
      ...(generation === undefined ? [] : [`generation ${generation}`]),
    ];
    return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
  }

  #someoneElse(leader: string): { id: string; address: string } | undefined {
    return this.#options.workers.find(({ running, plan }) => running && plan.id !== leader)?.plan;
  }

  /** Undefined while the controller does not answer; it may come back. */
  async #ask(): Promise<ClusterStatus | undefined> {
    try {
      return (await readCluster(this.#controller)).status;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      return undefined;
    }
  }
}

/** Who is appointed and takes writes. */
function leaderOf(status: ClusterStatus | undefined): string | undefined {
  const partition = status?.partitions[0];
  if (partition === undefined || partition.state === "taking over") return undefined;
  return partition.primary ?? undefined;
}
