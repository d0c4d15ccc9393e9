/**
 * A worker as the HTTP surface sees it: any key may be asked for here. What this worker leads it
 * answers itself, everything else goes on to the primary and back.
 */

import type { Clock } from "../base/clock.ts";
import { KvError } from "../base/errors.ts";
import type {
  FoundEntry,
  ListPage,
  NodeCounters,
  PartitionedService,
  RemoveAnswer,
  WriteAnswer,
} from "../http/service.ts";
import type { GroupLeader } from "../node/group-leader.ts";
import { stopping } from "../node/service.ts";
import { Copies, type CopiesOptions, readAt, removeAt } from "./copies.ts";
import type { ForwardPort } from "./forward-port.ts";
import { keysOf } from "./keys.ts";
import { listEverywhere } from "./listing.ts";
import { pull } from "./pull.ts";
import { mayPass, type Router } from "./router.ts";
import { workerStatusOf } from "./status.ts";

export interface WorkerServiceOptions extends CopiesOptions {
  readonly router: Router;
  readonly forward: ForwardPort;
  readonly clock: Clock;
  /** How long a call waits for a primary. */
  readonly timeoutMs: number;
}

export class WorkerService extends Copies {
  readonly partitioned: PartitionedService;
  readonly #options: WorkerServiceOptions;

  constructor(options: WorkerServiceOptions) {
    super(options);
    this.#options = options;
    const here = new Copies(options);
    this.partitioned = {
      here,
      keys: () => keysOf(options.node),
      digest: (partition) => here.digestOf(partition),
      entries: (partition) => here.entriesOf(partition),
      status: () => workerStatusOf(options),
      pull: (asked) => pull(options, asked),
    };
  }

  override write(key: string, value: string): Promise<WriteAnswer> {
    const partition = this.#partitionForWrite(key);
    const leader = this.#options.node.groups.get(partition)?.leader;
    if (leader !== undefined) {
      try {
        return this.writeAt(leader, key, value);
      } catch (error) {
        if (!(error instanceof KvError) || !mayPass(error, true)) {
          throw error;
        }
      }
    }
    const { router, forward } = this.#options;
    return router.run(partition, {
      writes: true,
      here: async (primary) => this.writeAt(primary, key, value),
      there: (to) => forward.write(to, key, value),
    });
  }

  override async remove(key: string): Promise<RemoveAnswer> {
    const { router, forward } = this.#options;
    return router.run(this.#partitionForWrite(key), {
      writes: true,
      here: (leader) => removeAt(leader, key),
      there: (to) => forward.remove(to, key),
    });
  }

  override async readLinearizable(key: string): Promise<FoundEntry | undefined> {
    const { router, forward } = this.#options;
    return router.run<FoundEntry | undefined>(this.partitionOf(key), {
      writes: false,
      here: (leader) => readAt(leader, key),
      there: (to) => forward.read(to, key, "linearizable"),
    });
  }

  /** At the own copy where there is one that knows something, else at the primary. */
  override readLocal(key: string): FoundEntry | undefined | Promise<FoundEntry | undefined> {
    const partition = this.partitionOf(key);
    const own = this.readableReplica(partition);
    if (own !== undefined) {
      return own.get(key);
    }
    const { router, forward } = this.#options;
    return router.run<FoundEntry | undefined>(partition, {
      writes: false,
      here: async (leader: GroupLeader) => leader.replica.get(key),
      there: (to) => forward.read(to, key, "local"),
    });
  }

  /** Over all partitions, each as its primary has it now. */
  override async list(page: {
    prefix: string;
    after: string | null;
    limit: number;
  }): Promise<ListPage> {
    const { map, node, router } = this.#options;
    const { here } = this.partitioned;
    if (map.cluster === undefined) {
      return here.list(page);
    }
    return listEverywhere(
      {
        ...this.#options,
        address: node.settings.address,
        partitions: map.cluster.partitions,
        primaryOf: (partition) => router.primaryOf(partition),
        here: () => here.list(page),
      },
      page,
    );
  }

  override counters(): NodeCounters {
    return { ...super.counters(), sentOn: this.#options.router.sentOn };
  }

  #partitionForWrite(key: string): number {
    if (this.#options.node.stopping) {
      throw stopping();
    }
    return this.partitionOf(key);
  }
}
