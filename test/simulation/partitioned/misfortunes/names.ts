/**
 * Everything that can befall a cluster: whether it takes disks, and how often it comes at most in a
 * second of virtual time (half of that, drawn log-uniformly, and in half of the runs not at all).
 */

export interface MisfortuneKind {
  readonly needsDisk: boolean;
  readonly perSecond: number;
}

export const MISFORTUNES = {
  /** A worker's process dies; with a disk it remembers, without one it has lost its memory. */
  crash: { needsDisk: false, perSecond: 0.8 },
  /** As crash, but nobody is told: the machine is gone. */
  powerCut: { needsDisk: false, perSecond: 0.6 },
  /** Two workers at once. */
  crashTwo: { needsDisk: false, perSecond: 0.3 },
  /** All of them, the controller too. */
  blackout: { needsDisk: true, perSecond: 0.1 },
  /** SIGTERM: a worker hands its primaries over, ends, and is started again later. */
  leave: { needsDisk: false, perSecond: 0.5 },
  /** Long enough for others to replace it; then it comes back with an old copy. */
  absence: { needsDisk: false, perSecond: 0.4 },
  /** A process dies right before, within or right after its next commit. */
  crashAtCommit: { needsDisk: true, perSecond: 1 },
  /** A process dies and its disk is gone. */
  diskLoss: { needsDisk: true, perSecond: 0.5 },
  diskFull: { needsDisk: true, perSecond: 0.4 },
  slowDisk: { needsDisk: true, perSecond: 0.4 },
  /** SIGSTOP, then SIGCONT, and it is asked something the moment it wakes. */
  pause: { needsDisk: false, perSecond: 0.8 },
  /** One worker's clock jumps forward, or changes its speed. */
  clockJump: { needsDisk: false, perSecond: 0.7 },
  /** Some links close, one end late. */
  breakLinks: { needsDisk: false, perSecond: 1 },
  /** All that goes to or comes from one worker takes much longer. */
  slowLinks: { needsDisk: false, perSecond: 0.5 },
  /** Two halves hear nothing of each other; the controller is in one of them. */
  cutHalves: { needsDisk: false, perSecond: 0.6 },
  /** Some pairs hear nothing of each other. */
  cutPairs: { needsDisk: false, perSecond: 0.6 },
  /** Some ways are cut in one direction only. */
  cutOneWay: { needsDisk: false, perSecond: 0.6 },
  /** One is cut off from all others. */
  cutOff: { needsDisk: false, perSecond: 0.6 },
  /** A worker's peers hear it, and its controller does not. */
  cutFromController: { needsDisk: false, perSecond: 0.7 },
  /** A worker's controller hears it, and its peers do not. */
  cutFromPeers: { needsDisk: false, perSecond: 0.7 },
  /** See plots.ts. */
  usurpation: { needsDisk: false, perSecond: 0.8 },
  controllerCrash: { needsDisk: false, perSecond: 0.7 },
  /** It dies right before, within or right after its next commit: before anybody is answered. */
  controllerCrashAtCommit: { needsDisk: false, perSecond: 1 },
  controllerDiskFull: { needsDisk: false, perSecond: 0.4 },
  controllerSlowDisk: { needsDisk: false, perSecond: 0.4 },
  controllerPause: { needsDisk: false, perSecond: 0.5 },
  controllerClockJump: { needsDisk: false, perSecond: 0.4 },
  /** Somebody empties a worker, or stops doing so. */
  drain: { needsDisk: false, perSecond: 0.4 },
} as const satisfies Record<string, MisfortuneKind>;

export type MisfortuneName = keyof typeof MISFORTUNES;
