/**
 * What many paired measurements say of the ratio of two builds.
 *
 * Within a pair both builds ran at nearly the same time, so whatever else the machine did met both;
 * hence the logarithm of each pair's ratio, and their mean. Its interval is Student's.
 */
import { mean, sampleStandardDeviation } from "simple-statistics";
import { studentT } from "./student.ts";

/** What is known of a ratio; `undecided` is no verdict: more pairs would bring one. */
export type Verdict = "faster" | "slower" | "equal" | "undecided";

export interface RatioSeen {
  readonly pairs: number;
  /** The geometric mean of the pairs' ratios, current / other. */
  readonly ratio: number;
  /** The 95 % interval of it. */
  readonly low: number;
  readonly high: number;
  readonly verdict: Verdict;
  /** Whether the 95 % interval leaves 1 out, on the slower or the faster side. */
  readonly leaning: "faster" | "slower" | undefined;
  /** How many more pairs would decide it, if they are as those so far; 0 where it is decided. */
  readonly morePairs: number;
}

export interface Judging {
  /** Whether more is faster (throughput) or slower (latency, processor time). */
  readonly moreIsFaster: boolean;
  /** How many ratios are judged in this run. */
  readonly together: number;
}

/** Less than this is no difference: a ratio between 1/1.03 and 1.03. */
export const EQUAL_WITHIN = 0.03;
const CONFIDENCE = 0.95;
const PAIRS_MAX = 1_000;

/** Judges the ratios of these pairs; at least one, all above 0. */
export function judgeRatios(ratios: readonly number[], judging: Judging): RatioSeen {
  const logs = ratios.map(Math.log);
  const middle = mean(logs);
  const spread = logs.length < 2 ? Number.POSITIVE_INFINITY : sampleStandardDeviation(logs);
  const half = halfWidth(spread, logs.length, CONFIDENCE);
  const verdict = judge({ middle, spread, pairs: logs.length }, judging);
  return {
    pairs: logs.length,
    ratio: Math.exp(middle),
    low: Math.exp(middle - half),
    high: Math.exp(middle + half),
    verdict,
    leaning: Math.abs(middle) > half ? sideOf(middle, judging) : undefined,
    morePairs:
      verdict === "undecided" ? pairsToDecide({ middle, spread }, judging) - logs.length : 0,
  };
}

interface Seen {
  readonly middle: number;
  readonly spread: number;
  readonly pairs: number;
}

/**
 * Equal: the 95 % interval lies within the ±3 %. Faster or slower: 1 lies outside an interval that
 * is wider by as many ratios as are judged together (Bonferroni), since of twelve 95 % intervals of
 * equal builds every second run would have one that leaves 1 out.
 */
function judge({ middle, spread, pairs }: Seen, judging: Judging): Verdict {
  const half = halfWidth(spread, pairs, CONFIDENCE);
  if (Math.abs(middle) + half <= Math.log(1 + EQUAL_WITHIN)) return "equal";
  const strict = halfWidth(spread, pairs, 1 - (1 - CONFIDENCE) / judging.together);
  return Math.abs(middle) > strict ? sideOf(middle, judging) : "undecided";
}

function sideOf(middle: number, { moreIsFaster }: Judging): "faster" | "slower" {
  return middle > 0 === moreIsFaster ? "faster" : "slower";
}

function halfWidth(spread: number, pairs: number, confidence: number): number {
  return spread === 0 ? 0 : (studentT(confidence, pairs - 1) * spread) / Math.sqrt(pairs);
}

/** The smallest number of pairs that decides, with this mean and spread; Infinity above 1,000. */
function pairsToDecide(seen: Omit<Seen, "pairs">, judging: Judging): number {
  if (!Number.isFinite(seen.spread)) return 2;
  const decides = (pairs: number) => judge({ ...seen, pairs }, judging) !== "undecided";
  let enough = 2;
  while (!decides(enough)) {
    enough *= 2;
    if (enough > PAIRS_MAX) return Number.POSITIVE_INFINITY;
  }
  let tooFew = enough / 2;
  while (enough - tooFew > 1) {
    const between = Math.floor((enough + tooFew) / 2);
    if (decides(between)) enough = between;
    else tooFew = between;
  }
  return enough;
}
