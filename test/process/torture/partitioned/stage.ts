/** What the misfortunes of a round work on. */
import { type Random, randomBelow } from "../../../../src/base/random.ts";
import type { Operation } from "../../../linearizability/history.ts";
import { waitUntil } from "../../../support/wait-until.ts";
import type { FillableDisk } from "../fillable-disk.ts";
import type { Ledger } from "../ledger.ts";
import type { Life } from "../life.ts";
import { anyMoment, type Load } from "../load.ts";
import type { Acknowledgers } from "./acknowledgers.ts";
import type { AnyWorker } from "./any-worker.ts";
import type { Calm } from "./calm.ts";
import type { ClusterStatus, Crew } from "./crew.ts";
import { misplaced } from "./placing.ts";
import type { ClusterTally } from "./tally.ts";

/** In this time a cluster whose nodes all run again must be as it was. */
export const RECOVERY_MS_MAX = 40_000;
export const PROGRESS_MS_MAX = 15_000;
/** A worker that is told to stop bounds by itself how long it takes. */
const LEAVE_MS_MAX = 9_000;
const ASK_MS_MAX = 10_000;

/** What lasts as long as the cluster. */
export interface Scene {
  readonly crew: Crew;
  /** One worker's disk that can be filled, where there is one. */
  readonly fillable: { readonly worker: Life; readonly disk: FillableDisk } | undefined;
  readonly ledger: Ledger;
  readonly acknowledgers: Acknowledgers;
  readonly tally: ClusterTally;
  readonly random: Random;
  /** Who is to run at the end of each round: the fifth one comes and goes. */
  readonly present: Set<Life>;
  /** By partition, the highest generation that the controller has told of. */
  readonly generations: Map<number, number>;
}

/** One round's. */
export class Stage {
  readonly scene: Scene;
  readonly load: Load;
  readonly route: AnyWorker;
  readonly calm: Calm;
  /** Sentences on what went wrong beside the clients. */
  readonly faults: string[] = [];
  /** Reads beside those of the clients. */
  readonly reads: Operation[] = [];
  /** There is one misfortune only: what has to go on beside it can be told. */
  readonly alone: boolean;
  readonly #victims = new Set<Life>();

  constructor(options: {
    readonly scene: Scene;
    readonly load: Load;
    readonly route: AnyWorker;
    readonly calm: Calm;
    readonly alone: boolean;
  }) {
    this.scene = options.scene;
    this.load = options.load;
    this.route = options.route;
    this.calm = options.calm;
    this.alone = options.alone;
  }

  get crew(): Crew {
    return this.scene.crew;
  }

  moment(msMax: number): Promise<void> {
    return anyMoment(this.scene.random, msMax);
  }

  /** A worker to whom nothing has happened yet in this round; one that runs, unless told. */
  victim(among: readonly Life[] = this.crew.awake, asleep = false): Life {
    const possible = among.filter((one) => (one.awake || asleep) && !this.#victims.has(one));
    const chosen = possible[randomBelow(this.scene.random, possible.length)];
    if (chosen === undefined) throw new Error("nobody is left to whom anything could happen");
    this.#victims.add(chosen);
    return chosen;
  }

  /** From here to the end of the round no call may fail. */
  async calmNow(): Promise<void> {
    const { replicas, writeQuorum } = this.crew.settings;
    // Where a write needs all copies, one that is away can make it wait for too long.
    if (replicas > writeQuorum) await this.calm.begin();
  }

  async kill(worker: Life): Promise<void> {
    const { tally } = this.scene;
    tally.workerKills += 1;
    tally.primaryKills += (await this.primariesOf(worker)).length;
    await worker.kill();
  }

  /** The partitions that this worker leads; none where the controller does not answer. */
  async primariesOf(worker: Life): Promise<readonly number[]> {
    const { partitions = [] } = (await this.crew.status()) ?? {};
    return partitions
      .filter(({ primary }) => primary === worker.id)
      .map(({ partition }) => partition);
  }

  /** Every key of the round is written anew: each partition has somebody who acknowledges. */
  everywhere(): Promise<void> {
    return this.load.everywhere(PROGRESS_MS_MAX);
  }

  /** What the controller says once this holds. */
  async until(
    what: string,
    holds: (status: ClusterStatus) => boolean | Promise<boolean>,
    timeoutMs = RECOVERY_MS_MAX,
  ): Promise<ClusterStatus> {
    return waitUntil(
      async () => {
        const status = await this.crew.status();
        return status !== undefined && (await holds(status)) ? status : undefined;
      },
      { what, timeoutMs, intervalMs: 50 },
    );
  }

  /** Nobody leads anything at this worker any more. */
  untilLeads(worker: Life, nothing: boolean): Promise<ClusterStatus> {
    const what = nothing ? `${worker.id} to lead nothing` : `${worker.id} to lead again`;
    return this.until(what, ({ partitions }) => {
      return partitions.some(({ primary }) => primary === worker.id) !== nothing;
    });
  }

  /** This worker keeps nothing any more. */
  untilEmpty(worker: Life): Promise<ClusterStatus> {
    return this.until(`${worker.id} to be empty`, ({ workers }) => {
      return workers.some(({ id, partitions }) => id === worker.id && partitions === 0);
    });
  }

  /** The controller has heard of this worker in this life of both. */
  untilHeard(worker: Life): Promise<ClusterStatus> {
    return this.until(`${worker.id} to be heard`, ({ workers }) => {
      return workers.some(({ id, status }) => id === worker.id && status !== "down");
    });
  }

  /** Starts a worker whom nobody asks before it is ready. */
  async startQuietly(worker: Life): Promise<void> {
    this.route.avoid(worker);
    this.calm.excuse(worker);
    worker.start();
    await waitUntil(async () => (await worker.ask("GET", "/ready")).ok, {
      what: `${worker.id} to be ready`,
      timeoutMs: RECOVERY_MS_MAX,
    });
    this.route.seek(worker);
  }

  /** SIGTERM, after those who spread calls were told. */
  async leave(worker: Life): Promise<void> {
    this.route.avoid(worker);
    this.calm.excuse(worker);
    await waitUntil(() => !this.route.isAsked(worker), {
      what: `the last call at ${worker.id} to be answered`,
      timeoutMs: PROGRESS_MS_MAX,
      intervalMs: 5,
    });
    this.scene.tally.leaves += 1;
    await this.stop(worker);
  }

  /** SIGTERM; one that takes too long is killed, and wrong. */
  async stop(life: Life): Promise<void> {
    const stopped = life.stop().then(() => true);
    if (await Promise.race([stopped, Bun.sleep(LEAVE_MS_MAX)])) return;
    this.faults.push(`${life.id} was told to stop and did not in ${LEAVE_MS_MAX} ms`);
    await life.kill();
  }

  /** A linearizable read of every key at this worker, as operations of one more client. */
  async ask(worker: Life): Promise<void> {
    const read = async (key: string) => {
      const invokedAtMs = performance.now();
      try {
        const path = `/kv/${key}?level=linearizable`;
        const answer = await worker.ask("GET", path, undefined, ASK_MS_MAX);
        const { value } = (await answer.json()) as { value?: unknown };
        if (answer.status !== 200 && answer.status !== 404) return;
        const read = answer.status === 200 ? JSON.stringify(value) : undefined;
        const times = { invokedAtMs, returnedAtMs: performance.now() };
        this.reads.push({ client: -2, key, kind: "read", value: read, ...times, outcome: "ok" });
      } catch {
        // It was killed meanwhile, or never answered.
      }
    };
    await Promise.all(this.load.keys.map(read));
  }

  /** All who should run do, and all copies are where they should be. */
  async placed(): Promise<ClusterStatus> {
    const { crew, present } = this.scene;
    const { replicas, partitions } = crew.settings;
    const up = [...present].map(({ id }) => id);
    let last: string | undefined = "the controller does not answer";
    const placed = (status: ClusterStatus) => {
      last = misplaced(status, { up, replicas, partitions });
      return last === undefined;
    };
    return this.until("all copies to be where they should be", placed).catch((error: Error) => {
      throw new Error(`${error.message} (${last})`);
    });
  }
}
