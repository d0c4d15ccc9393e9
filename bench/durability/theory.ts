/**
 * What is lost when the leader and some followers vanish in one moment while writes come at a
 * steady rate. The network's delay alone: each copy reaches its follower after an independent time,
 * uniform between the shortest and the longest delay, and what is still under way dies with the
 * leader.
 */

export interface LossModel {
  readonly followers: number;
  readonly writesPerSecond: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/** What the promise says: nothing acknowledged is lost while at most `quorum` nodes are. */
export function isPromised(quorum: number, nodesLost: number): boolean {
  return nodesLost <= quorum;
}

/**
 * Acknowledged writes that no surviving node holds, on average, when the leader and
 * `nodesLost` − 1 of n followers are gone.
 *
 * Of a write whose copies have each arrived with probability F, exactly k have, and all of them at
 * followers that are lost, with probability C(lost, k) · F^k · (1 − F)^(n − k); it was acknowledged
 * if k ≥ quorum. Integrated over the age of the writes (F rises evenly from 0 to 1 over the spread
 * of the delay) each k gives spread · C(lost, k) / C(n, k) / (n + 1); before the shortest delay is
 * over no copy has arrived, which only quorum 0 acknowledges. The rate times that is the loss.
 */
export function expectedLoss(model: LossModel, quorum: number, nodesLost: number): number {
  if (isPromised(quorum, nodesLost)) return 0;
  const { followers, minDelayMs, maxDelayMs, writesPerSecond } = model;
  const followersLost = nodesLost - 1;
  let windowMs = quorum === 0 ? minDelayMs : 0;
  for (let arrived = quorum; arrived <= followersLost; arrived++) {
    const share = choose(followersLost, arrived) / choose(followers, arrived);
    windowMs += ((maxDelayMs - minDelayMs) * share) / (followers + 1);
  }
  return (writesPerSecond * windowMs) / 1000;
}

function choose(of: number, taken: number): number {
  let ways = 1;
  for (let each = 1; each <= taken; each++) ways = (ways * (of - taken + each)) / each;
  return ways;
}
