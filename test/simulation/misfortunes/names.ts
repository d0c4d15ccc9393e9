/**
 * Everything that can befall a run: what it needs, and how often it comes at most in a second of
 * virtual time (half of that, drawn log-uniformly, and in half of the runs not at all).
 */
import type { Feature } from "../features.ts";

export interface MisfortuneKind {
  /** Features of the nodes, or that this run's nodes have disks. */
  readonly needs: readonly (Feature | "durable")[];
  readonly perSecond: number;
}

export const MISFORTUNES = {
  /** A process dies; with a disk it remembers, without one it has lost its memory. */
  crash: { needs: [], perSecond: 1.5 },
  /** As crash, but nobody is told: the machine is gone. */
  powerCut: { needs: [], perSecond: 0.7 },
  /** A process is told to stop, and is started again. */
  restart: { needs: [], perSecond: 0.7 },
  /** A process dies right before, within or right after its next commit. */
  crashAtCommit: { needs: ["durable"], perSecond: 2 },
  /** A process dies and its disk is gone. */
  diskLoss: { needs: ["durable"], perSecond: 1 },
  diskFull: { needs: ["durable"], perSecond: 0.5 },
  slowDisk: { needs: ["durable"], perSecond: 0.5 },
  /** SIGSTOP, then SIGCONT. */
  pause: { needs: [], perSecond: 1 },
  /** One node's clock jumps forward, or changes its speed. */
  clockJump: { needs: [], perSecond: 1 },
  /** Some links close, one end late. */
  breakLinks: { needs: [], perSecond: 2 },
  /** Two halves of the nodes hear nothing of each other. */
  cutHalves: { needs: [], perSecond: 1 },
  /** Some pairs hear nothing of each other. */
  cutPairs: { needs: [], perSecond: 1 },
  /** Some ways are cut in one direction only. */
  cutOneWay: { needs: [], perSecond: 1 },
  /** Those who lead or want to lead are deaf to each other; all others hear everything. */
  cutRivals: { needs: ["takeover"], perSecond: 2 },
  /** One node is cut off from all others. */
  cutOff: { needs: [], perSecond: 1 },
  /** An impatient operator promotes some node, whatever it is. */
  promote: { needs: ["takeover"], perSecond: 3 },
  /** Two operators promote two nodes at once. */
  promoteTwo: { needs: ["takeover"], perSecond: 1 },
  /** See plots.ts. */
  betrayal: { needs: ["takeover"], perSecond: 1 },
  exile: { needs: ["takeover"], perSecond: 1 },
  changeQuorum: { needs: ["quorumEntry"], perSecond: 1 },
  changeDelay: { needs: [], perSecond: 0.5 },
} as const satisfies Record<string, MisfortuneKind>;

export type MisfortuneName = keyof typeof MISFORTUNES;
