/** The figures that the analysis is held against, and whether this run met them. */
import { count, plural } from "./describe.ts";
import { type QuorumRow, quorumRows, type Results } from "./results.ts";

export type Verdict = "met" | "missed" | "not measured";

export interface Figure {
  readonly name: string;
  readonly measured: string;
  readonly verdict: Verdict;
}

const ABOVE_THEORY_MS_MAX = 0.25;
const FIRST_OF_FIFTH_MAX = 0.65;
const NO_DELAY_PER_SECOND_MIN = 30_000;

/** Every figure, in the order of the project's list. */
export function judge(results: Results): Figure[] {
  const rows = quorumRows(results, "quorum").filter((row) => row.success > 0);
  const few = quorumRows(results, "few-clients").filter((row) => row.success > 0);
  return [
    rises(rows, results),
    aboveTheory(few, results),
    firstOfFifth(rows, results),
    noFailure(results),
    noDelay(results),
  ];
}

function rises(rows: readonly QuorumRow[], results: Results): Figure {
  const means = rows.map((row) => row.meanMs);
  const up = means.every((mean, place) => place === 0 || mean > (means[place - 1] ?? 0));
  return {
    name: "Mean latency rises with the quorum at every step",
    measured: means.length === 0 ? "" : `${means.map((mean) => mean.toFixed(3)).join(", ")} ms`,
    verdict: verdict(up, { measured: means.length > 1 && hasSpread(results) }),
  };
}

function aboveTheory(few: readonly QuorumRow[], results: Results): Figure {
  const clients = results.runs.find((run) => run.series === "few-clients")?.clients ?? 5;
  const above = few.map((row) => row.meanMs - row.theoryMs);
  return {
    name: `Mean at most ${ABOVE_THEORY_MS_MAX} ms above theory at ${clients} clients`,
    measured: above.length === 0 ? "" : `${above.map((ms) => signed(ms, 3)).join(", ")} ms`,
    verdict: verdict(
      above.every((ms) => ms <= ABOVE_THEORY_MS_MAX),
      { measured: above.length > 0 },
    ),
  };
}

function firstOfFifth(rows: readonly QuorumRow[], results: Results): Figure {
  const first = rows.find((row) => row.quorum === 1);
  const fifth = rows.find((row) => row.quorum === 5);
  const { clients } = results.setting;
  const name = `Quorum 1 at most ${FIRST_OF_FIFTH_MAX} of quorum 5 at ${clients} clients`;
  if (first === undefined || fifth === undefined || !hasSpread(results)) {
    return { name, measured: "", verdict: "not measured" };
  }
  const share = first.meanMs / fifth.meanMs;
  const means = `${first.meanMs.toFixed(3)} / ${fifth.meanMs.toFixed(3)} ms`;
  const measured = `${means} = ${share.toFixed(2)}`;
  return { name, measured, verdict: verdict(share <= FIRST_OF_FIFTH_MAX, { measured: true }) };
}

/** Every run counts, those of the other series too: no load excuses a failure. */
function noFailure(results: Results): Figure {
  const { runs, setting } = results;
  const failures = runs.reduce((sum, run) => sum + run.failures, 0);
  const unequal = runs.filter((run) => !run.equal).length;
  const kinds = new Map<string, number>();
  for (const run of runs) {
    for (const [kind, times] of run.failureKinds) kinds.set(kind, (kinds.get(kind) ?? 0) + times);
  }
  const which = [...kinds].map(([kind, times]) => `${count(times)} × ${kind}`).join(", ");
  const nodes = setting.followers + 1;
  const writes = runs.reduce((sum, run) => sum + run.success, 0);
  return {
    name:
      `${plural(setting.writes, "write")} without one failure and ` +
      `${nodes} equal nodes after them at every quorum`,
    measured:
      `${plural(failures, "failure")}${which === "" ? "" : ` (${which})`} in ` +
      `${plural(writes + failures, "write")}; nodes equal after ` +
      `${runs.length - unequal} of ${plural(runs.length, "run")}`,
    verdict: verdict(failures === 0 && unequal === 0, { measured: runs.length > 0 }),
  };
}

function noDelay(results: Results): Figure {
  const row = quorumRows(results, "no-delay")[0];
  const clients = results.runs.find((run) => run.series === "no-delay")?.clients ?? 20;
  const name =
    `No delay, quorum ${row?.quorum ?? 3}, ${clients} connections: ` +
    `at least ${count(NO_DELAY_PER_SECOND_MIN)} writes/s`;
  if (row === undefined) return { name, measured: "", verdict: "not measured" };
  return {
    name,
    measured: `${count(row.throughputPerSecond)} writes/s, mean ${row.meanMs.toFixed(3)} ms`,
    verdict: verdict(row.throughputPerSecond >= NO_DELAY_PER_SECOND_MIN, { measured: true }),
  };
}

/** Without a spread of the delays no quorum waits longer than another, and nothing has to rise. */
function hasSpread({ setting }: Results): boolean {
  return setting.maxDelayMs > setting.minDelayMs;
}

function verdict(met: boolean, { measured }: { measured: boolean }): Verdict {
  if (!measured) return "not measured";
  return met ? "met" : "missed";
}

function signed(value: number, digits: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(digits)}`;
}
