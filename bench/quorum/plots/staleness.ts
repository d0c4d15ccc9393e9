/** The share of stale reads against the time since the acknowledgement, beside theory. */
import type { LineSeriesOption, ScatterSeriesOption } from "echarts";
import type { Plot } from "../../plot/render.ts";
import { colorOf, frame, INK, symbolOf } from "../../plot/style.ts";
import { whiskers } from "../../plot/whiskers.ts";
import { describeDelay, plural } from "../describe.ts";
import type { Results, Setting } from "../results.ts";
import { binStaleReads, STALE_BINS, type StaleBin, staleHorizonMs } from "../stale-share.ts";
import { staleShare } from "../theory.ts";

const STEPS = 200;

/** Undefined while nothing is measured. */
export function stalenessPlot(results: Results): Plot | undefined {
  const { setting, staleReads } = results;
  const quorums = [...new Set(staleReads.map((read) => read.quorum))].sort((a, b) => a - b);
  if (quorums.length === 0) return undefined;
  const endMs = staleHorizonMs(setting);
  const widthMs = endMs / STALE_BINS;
  const perQuorum = Math.round(staleReads.length / quorums.length);
  const base = frame({
    title: "How long after its acknowledgement can a write still be missed?",
    subtitle:
      `Reads at a random follower that gave an older version, by write quorum. ` +
      `${plural(setting.followers, "follower")}, simulated network ${describeDelay(setting)}\n` +
      `Marks: measured, about ${plural(perQuorum, "read")} a quorum, 95 % interval. ` +
      "Lines: theory, the network alone\n" +
      "Time counts from the acknowledgement at the client " +
      "to the middle of the read’s round trip.\n" +
      "Copies go on arriving while the answer is on its way to the client: " +
      "this puts measured shares below theory",
    xName: "Time since the acknowledgement (ms)",
    yName: "Stale reads (%)",
  });
  return {
    name: "staleness",
    width: 960,
    height: 660,
    option: {
      ...base,
      legend: {
        data: quorums.map((quorum) => ({
          name: `quorum ${quorum}`,
          icon: symbolOf(quorum - 1),
        })),
        right: 60,
        top: 170,
        orient: "vertical",
        textStyle: { fontSize: 15, color: INK },
        itemWidth: 14,
        itemHeight: 14,
        backgroundColor: "#ffffff",
        padding: 10,
      },
      xAxis: { ...base.xAxis, min: 0, max: endMs },
      yAxis: { ...base.yAxis, min: 0 },
      series: quorums.flatMap((quorum) => {
        const own = staleReads.filter((read) => read.quorum === quorum);
        const bins = binStaleReads(own, { widthMs, count: STALE_BINS });
        return [
          theory(setting, { quorum, color: colorOf(quorum - 1), endMs }),
          intervals(bins, colorOf(quorum - 1)),
          measured(bins, quorum),
        ];
      }),
    },
  };
}

function intervals(bins: readonly StaleBin[], color: string) {
  return whiskers(
    // Where none was stale the whiskers of all quorums would lie on one another.
    bins
      .filter((bin) => bin.stale > 0)
      .map((bin) => ({ x: bin.sinceMs, low: 100 * bin.low, high: 100 * bin.high })),
    { color, halfWidth: 4, z: 3 },
  );
}

function measured(bins: readonly StaleBin[], quorum: number): ScatterSeriesOption {
  return {
    type: "scatter",
    name: `quorum ${quorum}`,
    data: bins.map((bin) => [bin.sinceMs, 100 * bin.share]),
    symbol: symbolOf(quorum - 1),
    symbolSize: (point: number[]) => (point[1] === 0 ? 5 : 10),
    itemStyle: { color: colorOf(quorum - 1), opacity: 1 },
    z: 4,
  };
}

function theory(
  setting: Setting,
  look: { quorum: number; color: string; endMs: number },
): LineSeriesOption {
  const points = Array.from({ length: STEPS + 1 }, (_, step) => {
    const sinceMs = (look.endMs * step) / STEPS;
    return [sinceMs, 100 * staleShare(setting, look.quorum, sinceMs)];
  });
  return {
    type: "line",
    name: `theory ${look.quorum}`,
    data: points,
    symbol: "none",
    lineStyle: { width: 2, color: look.color },
    z: 2,
  };
}
