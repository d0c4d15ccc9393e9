/** The results as CSV. */
import { stringify } from "csv-stringify/sync";
import { ratioAt } from "./ratios.ts";
import { failuresOf, isAtLimit, pointsIn, type Results } from "./results.ts";
import { PAIRS } from "./tables.ts";
import { isWithin, judge } from "./wanted.ts";

/** `measurements.csv` */
export function measurementsCsv({ runs }: Results): string {
  return stringify([
    [
      ...["round", "system", "load", "quorum", "connections", "value_bytes", "served", "seconds"],
      ...["operations_per_s", "write_p50_ms", "write_p99_ms", "write_p999_ms", "write_max_ms"],
      ...["read_p50_ms", "read_p99_ms", "read_p999_ms", "read_max_ms", "not_served"],
      ...["system_cpu_us_per_operation", "driver_cpu_us_per_operation", "driver_core_share"],
      ...["other_systems_core_share", "driver_limit_share", "at_driver_limit"],
    ],
    ...runs.map((run) => {
      const { point, load } = run;
      const times = [load.writes, load.reads].flatMap(({ p50, p99, p999, max }) =>
        [p50, p99, p999, max].map((ms) => (Number.isFinite(ms) ? ms.toFixed(4) : "")),
      );
      return [
        ...[run.round + 1, run.contestant.name, point.load, point.quorum, point.connections],
        ...[point.valueBytes, load.served, (load.durationMs / 1000).toFixed(4)],
        ...[load.servedPerSecond.toFixed(1), ...times, failuresOf(run)],
        ...[run.systemMicros.toFixed(3), run.driverMicros.toFixed(3), run.driverShare.toFixed(3)],
        ...[run.idleShare.toFixed(3), run.limitShare?.toFixed(3) ?? "", String(isAtLimit(run))],
      ];
    }),
  ]);
}

/** `ratios.csv` */
export function ratiosCsv(results: Results): string {
  const measures = ["rate", "p99", "processor"] as const;
  const rows = PAIRS.flatMap((pair) =>
    pointsIn(results).flatMap((point) =>
      measures.flatMap((measure) => {
        const ratio = ratioAt(results, pair, point, measure);
        if (ratio === undefined) return [];
        const { load, quorum, connections, valueBytes } = point;
        return [
          [
            ...[pair.ours, pair.theirs, load, quorum, connections, valueBytes, measure],
            ...[ratio.median, ratio.min, ratio.max].map((value) => value.toFixed(4)),
            ratio.rounds,
          ],
        ];
      }),
    ),
  );
  const head = [
    ...["ours", "theirs", "load", "quorum", "connections", "value_bytes", "measure"],
    ...["ratio_median", "ratio_min", "ratio_max", "rounds"],
  ];
  return stringify([head, ...rows]);
}

/** `figures.csv` */
export function figuresCsv(results: Results): string {
  const head = ["figure", "more_is_better", "at_least", "aim", "median", "min", "max", "met"];
  const rows = judge(results).map((each) => [
    ...[each.name, String(each.moreIsBetter), each.bound, each.aim],
    ...[each.ratio.median, each.ratio.min, each.ratio.max].map((value) => value.toFixed(4)),
    String(isWithin(each, each.bound)),
  ]);
  return stringify([head, ...rows]);
}

/** `driver.csv` */
export function driverCsv({ limits }: Results): string {
  return stringify([
    [
      "protocol",
      "load",
      "connections",
      "operations_per_s",
      "driver_cpu_us_per_operation",
      "wrk_per_s",
    ],
    ...limits.map((each) => [
      ...[each.protocol, each.load, each.connections, each.perSecond.toFixed(1)],
      ...[each.driverMicros.toFixed(3), each.wrkPerSecond?.toFixed(1) ?? ""],
    ]),
  ]);
}

/** `memory.csv` */
export function memoryCsv({ memory }: Results): string {
  return stringify([
    [
      ...["system", "keys", "leader_bytes_per_key", "follower_bytes_per_key"],
      ...["resident_bytes_before", "resident_bytes_after"],
    ],
    ...memory.map(({ system, keys, leaderBytes, followerBytes, before, after }) => [
      ...[system, keys, leaderBytes.toFixed(1), followerBytes.toFixed(1)],
      ...[before.join(" "), after.join(" ")],
    ]),
  ]);
}
