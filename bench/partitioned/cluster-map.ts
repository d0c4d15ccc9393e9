/** The controller's map as a measurement sees it: who keeps what, and what has moved. */
import { Candidates } from "../../src/core/placement.ts";

export interface MemberPlace {
  readonly id: string;
  readonly address: string;
  readonly role: "primary" | "replica" | "learner" | "away";
  readonly state: string;
}

export interface PartitionPlace {
  readonly partition: number;
  /** URL. */
  readonly primary: string | null;
  readonly members: readonly MemberPlace[];
  readonly state: string;
}

export interface ClusterMap {
  readonly mapVersion: number;
  readonly partitions: readonly PartitionPlace[];
}

/** `12 worker2` for each copy that counts. */
export function copiesIn(map: ClusterMap): ReadonlySet<string> {
  return new Set(
    map.partitions.flatMap(({ partition, members }) =>
      members.filter(counts).map(({ id }) => `${partition} ${id}`),
    ),
  );
}

/** Copies that stand where none stood before. */
export function copiesMoved(before: ClusterMap, after: ClusterMap): number {
  const old = copiesIn(before);
  return [...copiesIn(after)].filter((copy) => !old.has(copy)).length;
}

/** Numbers of the partitions of which this worker is primary. */
export function primariesOf(map: ClusterMap, address: string): number[] {
  return map.partitions
    .filter(({ primary }) => primary === address)
    .map(({ partition }) => partition);
}

/** Whether this worker is a synced member of every partition of which it is one, and has some. */
export function isSyncedEverywhere(map: ClusterMap, id: string, copies: number): boolean {
  const own = map.partitions.flatMap(({ members }) => members.filter((each) => each.id === id));
  const synced = own.filter((each) => counts(each) && each.state === "synced");
  return synced.length === own.length && synced.length >= copies;
}

/** Whether these workers, and no others, keep each partition as rendezvous hashing has it. */
export function isAsPlanned(map: ClusterMap, ids: readonly string[], replicas: number): boolean {
  const candidates = new Candidates(ids.map((id, slot) => ({ id, slot })));
  const copies = Math.min(replicas, ids.length);
  const slots = new Int32Array(copies);
  const scores = new Float64Array(copies);
  return (
    map.partitions.length > 0 &&
    map.partitions.every(({ partition, members, state }) => {
      candidates.best(partition, copies, { slots, scores, at: 0 });
      const wanted = [...slots].map((slot) => ids[slot]);
      const primary = members.find(({ role }) => role === "primary");
      const present = members.filter(({ role }) => role !== "away");
      return (
        (state === "ok" || (state === "under-replicated" && copies < replicas)) &&
        primary?.id === wanted[0] &&
        present.length === copies &&
        present.every((each) => wanted.includes(each.id) && each.state === "synced")
      );
    })
  );
}

/** `60 ok, 4 moving` */
export function statesIn({ partitions }: ClusterMap): string {
  const states = Map.groupBy(partitions, ({ state }) => state);
  return [...states].map(([state, all]) => `${all.length} ${state}`).join(", ");
}

function counts({ role }: MemberPlace): boolean {
  return role === "primary" || role === "replica";
}
