/** What is printed: how much was run, and the story of a run that broke a promise. */
import type { RunSums, SimulatedRun } from "../run.ts";
import { formatTrace } from "../trace.ts";
import { RULES } from "../truth/violation.ts";

/** Lines of a trace that are printed where not all are asked for; the end tells the most. */
const LINES_MAX = 200;

export function formatSums(sums: RunSums): string {
  const hours = sums.virtualMs / 3_600_000;
  const parts = [
    `${hours.toPrecision(3)} virtual hours`,
    `${count(sums.steps)} steps`,
    `${count(sums.misfortunes)} misfortunes`,
    `${count(sums.operations)} operations (${count(sums.acknowledged)} acknowledged, ` +
      `${count(sums.refused)} refused, ${count(sums.unknown)} unknown)`,
  ];
  if (sums.undecided > 0) {
    parts.push(`${count(sums.undecided)} histories too entangled to decide`);
  }
  return parts.join(", ");
}

/** Parameters, trace and verdict of one run. */
export function formatRun(result: SimulatedRun, options: { readonly detail: boolean }): string[] {
  const lines = formatTrace(result.lines, options.detail);
  const shown = options.detail ? lines : lines.slice(-LINES_MAX);
  const left = lines.length - shown.length;
  return [
    ...result.described,
    ...(left > 0 ? [`… ${left} lines before; --detail prints everything`] : []),
    ...shown,
    formatVerdict(result),
  ];
}

export function formatVerdict({ seed, violation, hash }: SimulatedRun): string {
  if (violation === undefined) {
    return `seed ${seed}: every promise was kept (trace ${hash})`;
  }
  const { rule, message, atMs } = violation;
  return `seed ${seed}, ${atMs.toFixed(3)} ms: broken: ${RULES[rule]}\n${message} (trace ${hash})`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
