/**
 * What the laboratory should show, from probability alone: no processing time, no network but the
 * simulated one. The n copies of a write take independent times D, each uniform on [a, b], and the
 * write is acknowledged at the k-th smallest of them, X.
 */

/** The setting that a formula speaks of. */
export interface DelayModel {
  /** n, at least 1. */
  readonly followers: number;
  /** a and b of the simulated network, in milliseconds. */
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/**
 * The mean time to the k-th confirmation: E[X] = a + (b - a) k / (n + 1), the mean of the k-th
 * order statistic of n uniform variables. 0 for k = 0, where nobody is waited for.
 */
export function meanLatencyMs(model: DelayModel, quorum: number): number {
  const { followers, minDelayMs, maxDelayMs } = model;
  if (quorum === 0) return 0;
  return minDelayMs + ((maxDelayMs - minDelayMs) * quorum) / (followers + 1);
}

/** The chance that the k-th of n has come by this time: that at least k of n uniform ones have. */
export function latencyShareBy(model: DelayModel, quorum: number, timeMs: number): number {
  const { followers, minDelayMs, maxDelayMs } = model;
  if (timeMs < minDelayMs) return 0;
  if (timeMs >= maxDelayMs) return 1;
  const one = (timeMs - minDelayMs) / (maxDelayMs - minDelayMs);
  let share = 0;
  for (let come = quorum; come <= followers; come++) {
    share += binomial(followers, come) * one ** come * (1 - one) ** (followers - come);
  }
  return share;
}

/**
 * The share of reads at a random follower that miss a write, t after its acknowledgement:
 *
 *   share(t) = (n - k)/n * E[ max(0, 1 - t/(b - X)) ]
 *
 * k of the n copies have come by the acknowledgement. Each of the others is, given X, uniform on
 * [X, b], so it is still under way t later with probability 1 - t/(b - X). The remaining stretch
 * Y = (b - X)/(b - a) has a Beta(n - k + 1, k) distribution, so with s = t/(b - a) the
 * expectation is
 *
 *   1/B * Integral over y in [s, 1] of (1 - s/y) y^(n-k) (1 - y)^(k-1)
 *
 * whose last factor is expanded here, so that what remains are powers of y.
 */
export function staleShare(model: DelayModel, quorum: number, sinceMs: number): number {
  const { followers, minDelayMs, maxDelayMs } = model;
  const behind = followers - quorum;
  const spreadMs = maxDelayMs - minDelayMs;
  // Quorum 0 is answered before any copy has even left; then a follower misses it for all of D.
  if (quorum === 0) return sinceMs <= minDelayMs ? 1 : clamp((maxDelayMs - sinceMs) / spreadMs);
  if (behind <= 0 || spreadMs <= 0 || sinceMs >= spreadMs) return 0;
  const s = Math.max(0, sinceMs) / spreadMs;
  let integral = 0;
  for (let power = 0; power < quorum; power++) {
    const sign = power % 2 === 0 ? 1 : -1;
    const exponent = behind + power;
    const whole = (1 - s ** (exponent + 1)) / (exponent + 1);
    const missed = (s * (1 - s ** exponent)) / exponent;
    integral += sign * binomial(quorum - 1, power) * (whole - missed);
  }
  // 1/B(n - k + 1, k) = k * (n over k)
  const expectation = quorum * binomial(followers, quorum) * integral;
  return (behind / followers) * clamp(expectation);
}

function binomial(of: number, choose: number): number {
  let ways = 1;
  for (let taken = 1; taken <= choose; taken++) ways = (ways * (of - choose + taken)) / taken;
  return ways;
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}
