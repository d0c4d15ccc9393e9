/**
 * What a worker knows of the cluster: which cluster it is, and for each partition the newest of the
 * controller's decisions. It is kept with the copies, so that after a power cut the workers go on
 * as they were last told, also where the controller does not come back.
 *
 * A decision counts from the moment it comes, before it is on the disk: whatever a copy does with
 * it is stored in the same transaction, so that none of it can survive without the decision.
 */
import { type Assignment, type ClusterIdentity, type Copy, isNewer } from "../core/assignment.ts";
import type { Entry } from "../core/entry.ts";
import { blankRecord } from "../core/group-record.ts";
import type { GroupChange, StoredGroup } from "../core/storage.ts";
import type { HeartbeatAnswer } from "../node/heartbeat.ts";
import type { Journal, Participant } from "../node/journal.ts";

/**
 * It is stored in the same file as the copies, as if it were a group of a number that no partition
 * has.
 */
export const MAP_GROUP = 2 ** 31 - 1;

/** The key of what holds for the cluster; a partition's is its number. */
const HEAD_KEY = "cluster";

interface Head {
  readonly cluster: ClusterIdentity | undefined;
  readonly version: number;
}

export class WorkerMap implements Participant {
  readonly #journal: Pick<Journal, "schedule">;
  readonly #assignments = new Map<number, Assignment>();
  #head: Head = { cluster: undefined, version: 0 };
  readonly #unsaved = new Set<number>();
  #headUnsaved = false;
  /** The storage knows that there is such a group. */
  #begun: boolean;

  constructor(stored: StoredGroup | undefined, journal: Pick<Journal, "schedule">) {
    this.#journal = journal;
    this.#begun = stored !== undefined;
    for (const { key, value } of stored?.entries ?? []) {
      if (value === undefined) {
        continue;
      }
      if (key === HEAD_KEY) {
        const { cluster, version } = JSON.parse(value) as Head;
        this.#head = { cluster, version };
      } else {
        const assignment = JSON.parse(value) as Assignment;
        this.#assignments.set(assignment.partition, assignment);
      }
    }
  }

  /** Undefined until a controller has taken this worker in. */
  get cluster(): ClusterIdentity | undefined {
    return this.#head.cluster;
  }

  /** Of the controller's map, as far as it was taken in; 0 nothing of it. */
  get version(): number {
    return this.#head.version;
  }

  get assignments(): ReadonlyMap<number, Assignment> {
    return this.#assignments;
  }

  get(partition: number): Assignment | undefined {
    return this.#assignments.get(partition);
  }

  /** Who leads the partition, as far as this worker was told. */
  primaryOf(partition: number): Copy | undefined {
    const assignment = this.#assignments.get(partition);
    return assignment?.members.find(({ worker }) => worker === assignment.primary);
  }

  /** Takes in what is newer than what it knows, and gives that. */
  take({ cluster, mapVersion, assignments }: HeartbeatAnswer): readonly Assignment[] {
    const news = assignments.filter((assignment) => this.#isNews(assignment));
    for (const assignment of news) {
      this.#assignments.set(assignment.partition, assignment);
      this.#unsaved.add(assignment.partition);
    }
    if (mapVersion !== this.#head.version || !isSameCluster(cluster, this.#head.cluster)) {
      this.#head = { cluster, version: mapVersion };
      this.#headUnsaved = true;
    }
    if (this.#headUnsaved || news.length > 0) {
      this.#journal.schedule(this);
    }
    return news;
  }

  takeChanges(): readonly GroupChange[] {
    const entries: Entry[] = [...this.#unsaved].flatMap((partition) => {
      const assignment = this.#assignments.get(partition);
      return assignment === undefined ? [] : [entryOf(String(partition), assignment, assignment)];
    });
    if (this.#headUnsaved) {
      entries.push(entryOf(HEAD_KEY, this.#head, { generation: 0, revision: this.version }));
    }
    this.#unsaved.clear();
    this.#headUnsaved = false;
    if (entries.length === 0) {
      return [];
    }
    const record = this.#begun ? {} : { record: blankRecord("") };
    this.#begun = true;
    return [{ group: MAP_GROUP, entries, ...record }];
  }

  persisted(): void {}

  storageFailed(): void {}

  #isNews(assignment: Assignment): boolean {
    const known = this.#assignments.get(assignment.partition);
    return known === undefined || isNewer(assignment, known);
  }
}

function entryOf(
  key: string,
  value: unknown,
  { generation, revision }: Pick<Assignment, "generation" | "revision">,
): Entry {
  return { key, value: JSON.stringify(value), epoch: generation, sequence: revision };
}

function isSameCluster(one: ClusterIdentity, other: ClusterIdentity | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
