/** Student's t distribution: how wide an interval is that rests on a few pairs. */
import { bisect } from "simple-statistics";

const ITERATIONS_MAX = 200;
const TOLERANCE = 1e-13;

/**
 * The t below which |T| lies with this probability (0.95: the usual interval), for a whole number
 * of degrees of freedom; Infinity where there are none.
 */
export function studentT(probability: number, freedom: number): number {
  if (freedom < 1) return Number.POSITIVE_INFINITY;
  const missing = (angle: number) => insideAngle(angle, freedom) - probability;
  return Math.sqrt(freedom) * Math.tan(bisect(missing, 0, Math.PI / 2, ITERATIONS_MAX, TOLERANCE));
}

/**
 * The probability that |T| < √freedom · tan(angle): a finite sum, exact for whole degrees of
 * freedom (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4).
 */
function insideAngle(angle: number, freedom: number): number {
  const odd = freedom % 2 === 1;
  const cosine = Math.cos(angle);
  let term = odd ? cosine : 1;
  let sum = 0;
  for (let power = odd ? 1 : 0; power <= freedom - 2; power += 2) {
    sum += term;
    term *= (cosine * cosine * (power + 1)) / (power + 2);
  }
  const tail = Math.sin(angle) * sum;
  return odd ? (2 / Math.PI) * (angle + tail) : tail;
}
