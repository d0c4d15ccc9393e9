/**
 * Schedules of a whole cluster that chance finds seldom or never, written down: each shows the harm
 * that one mistake does.
 */
import type { Shortcut } from "../../../../src/core/shortcut.ts";
import type { ClusterParameters } from "../parameters.ts";
import * as plays from "./plays.ts";
import type { ClusterStage } from "./stage.ts";

export interface ClusterSchedule {
  /** Where this is switched on it breaks a promise; undefined: it once found a fault. */
  readonly finds: Shortcut | undefined;
  /** What it needs of the cluster; all else is drawn. */
  readonly needs: Pick<ClusterParameters, "workers" | "replicas" | "writeQuorum"> &
    Partial<ClusterParameters>;
  readonly play: (stage: ClusterStage) => void;
}

const FOUR = { workers: 4, replicas: 3, writeQuorum: 2 };

export const CLUSTER_SCHEDULES = {
  "takes-over-in-the-middle": {
    finds: "earlier-forgotten",
    needs: FOUR,
    play: plays.takesOverInTheMiddle,
  },
  "opens-with-nobody": { finds: "open-too-early", needs: FOUR, play: plays.opensWithNobody },
  "learner-alone": { finds: "learner-counts", needs: FOUR, play: plays.learnerAlone },
  "read-of-the-replaced": {
    finds: "read-by-min",
    needs: { workers: 5, replicas: 4, writeQuorum: 3 },
    play: plays.readOfTheReplaced,
  },
  "old-copy": { finds: "old-copy-kept", needs: FOUR, play: plays.oldCopy },
  "returns-to-tombstones": {
    finds: "tombstones-not-kept",
    needs: FOUR,
    play: plays.returnsToTombstones,
  },
  "forgets-what-others-learned": {
    finds: undefined,
    needs: { workers: 3, replicas: 2, writeQuorum: 2 },
    play: plays.forgetsWhatOthersLearned,
  },
  "moves-in-peace": { finds: undefined, needs: FOUR, play: plays.movesInPeace },
  "leaves-in-peace": { finds: undefined, needs: FOUR, play: plays.leavesInPeace },
  "dies-deciding": { finds: "generation-reissued", needs: FOUR, play: plays.diesDeciding },
} as const satisfies Record<string, ClusterSchedule>;

export type ClusterScheduleName = keyof typeof CLUSTER_SCHEDULES;
