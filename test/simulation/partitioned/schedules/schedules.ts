/**
 * Schedules of a whole cluster that chance finds seldom or never, written down: each shows the harm
 * that one mistake does.
 */
import type { Shortcut } from "../../../../src/core/shortcut.ts";
import type { ClusterParameters } from "../parameters.ts";
import type { ClusterStage } from "./stage.ts";

export interface ClusterSchedule {
  /** Where this is switched on it breaks a promise; undefined: it once found a fault. */
  readonly finds: Shortcut | undefined;
  /** What it needs of the cluster; all else is drawn. */
  readonly needs: Pick<ClusterParameters, "workers" | "replicas" | "writeQuorum"> &
    Partial<ClusterParameters>;
  readonly play: (stage: ClusterStage) => void;
}

export const CLUSTER_SCHEDULES: Readonly<Record<string, ClusterSchedule>> = {};

export type ClusterScheduleName = string;
