/**
 * Who keeps a partition, as the controller decides it (Lamport, Malkhi, Zhou: Vertical Paxos and
 * Primary-Backup Replication, 2009).
 *
 * The controller numbers its decisions: a *generation* is one primary with one set of members, and
 * its leader's epochs lie in [generation, generation + 1). A new generation may hold fewer of the
 * acknowledged writes than the one before until its primary is *open*: until then the earlier ones
 * are kept in `earlier`, and a takeover needs enough promises of each of them.
 */

/** One worker's replica of a partition. */
export interface Copy {
  /** The worker's id. */
  readonly worker: string;
  /** URL of the worker. */
  readonly address: string;
  /** The worker's number in the cluster, given once: its slot in every group. */
  readonly slot: number;
  /**
   * Rises within the partition each time that a copy is ordered. What a worker still holds of an
   * older order counts for nothing: tombstones that it needs may be gone.
   */
  readonly copy: number;
}

/** One set of members, and the number of the decision that made it. */
export interface Configuration {
  readonly generation: number;
  readonly members: readonly Copy[];
}

/** What the controller has decided for one partition; later ones have higher generations. */
export interface Assignment extends Configuration {
  readonly partition: number;
  /** Rises with each change of this assignment, also one within a generation. */
  readonly revision: number;
  /** The id of the worker that leads; one of the members. */
  readonly primary: string;
  /** Generations whose acknowledged writes this one may not hold yet; oldest first. */
  readonly earlier: readonly Configuration[];
  /** It has taken writes: where its members have disks, it is begun anew only if all are blank. */
  readonly begun: boolean;
  /** They are brought up to date and do not count yet. */
  readonly learners: readonly Copy[];
  /** They were members and are away; tombstones are kept for them, so that they may come back. */
  readonly retained: readonly Copy[];
}

/** Holds for a cluster from its first day on, the same at every node. */
export interface ClusterIdentity {
  /** Random, made by the controller at its first start. */
  readonly id: string;
  /** As CLUSTER says. */
  readonly name: string;
  readonly partitions: number;
  /** Copies of each partition. */
  readonly replicas: number;
  /** Copies behind an acknowledged write, the primary's included; at most `replicas`. */
  readonly writeQuorum: number;
}

/** Whether the controller has decided the first after the second. */
export function isNewer(
  one: Pick<Assignment, "generation" | "revision">,
  other: Pick<Assignment, "generation" | "revision">,
): boolean {
  return (
    one.generation > other.generation ||
    (one.generation === other.generation && one.revision > other.revision)
  );
}

/** Who at which worker keeps a copy of this partition that may still be needed. */
export function copiesOf(assignment: Assignment): readonly Copy[] {
  const { members, learners, retained, earlier } = assignment;
  const known = new Map<string, Copy>();
  for (const copy of [members, learners, retained, ...earlier.map((one) => one.members)].flat()) {
    const other = known.get(copy.worker);
    if (other === undefined || other.copy < copy.copy) {
      known.set(copy.worker, copy);
    }
  }
  return [...known.values()];
}
