/** How every plot of the project looks: its font, its colours, its frame. */
import type { EChartsOption } from "echarts";

/**
 * Arimo comes with the package, since a bare machine has no fonts. Its letters are as wide as those
 * of Arial and Helvetica, so the SVG keeps its layout where a browser falls back to one of them.
 */
export const FONT_NAME = "Arimo";
const FONT_FAMILY = `${FONT_NAME}, Arial, Helvetica, sans-serif`;

/** Okabe and Ito's colours, which people with any kind of colour vision tell apart. */
export const COLORS = [
  "#0072B2",
  "#E69F00",
  "#009E73",
  "#CC79A7",
  "#D55E00",
  "#56B4E9",
  "#8C6D1F",
] as const;

/** A second mark beside the colour, for who sees none and for print. */
export const SYMBOLS = ["circle", "rect", "triangle", "diamond", "roundRect", "pin"] as const;

export const INK = "#222222";
/** For what is read second: axis names, subtitles. */
export const INK_SOFT = "#555555";
const GRID_COLOR = "#e4e4e4";

/** The colour of the n-th of several series; starts again after the last. */
export function colorOf(place: number): string {
  return COLORS[Math.max(0, place) % COLORS.length] ?? COLORS[0];
}

/** The same colour dark enough for text on white. */
const TEXT_COLORS: Readonly<Record<string, string>> = {
  "#E69F00": "#A87000",
  "#56B4E9": "#2379AD",
};

/** The colour for a line's direct label. */
export function textColorOf(color: string): string {
  return TEXT_COLORS[color] ?? color;
}

/** The mark of the n-th of several series; starts again after the last. */
export function symbolOf(place: number): string {
  return SYMBOLS[Math.max(0, place) % SYMBOLS.length] ?? SYMBOLS[0];
}

export interface Frame {
  /** The question that the plot answers. */
  readonly title: string;
  /** What was measured, and how; `\n` parts its lines. */
  readonly subtitle: string;
  readonly xName: string;
  readonly yName: string;
  /** Space at the right for direct labels, in pixels; default 40. */
  readonly right?: number;
}

/** Title, subtitle, axis names and margins; a plot adds its axes' scales and its series. */
export function frame(plot: Frame) {
  const subtitleLines = plot.subtitle.split("\n").length;
  return {
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: FONT_FAMILY, color: INK },
    color: [...COLORS],
    title: {
      text: plot.title,
      subtext: plot.subtitle,
      left: 24,
      top: 18,
      itemGap: 8,
      textStyle: { fontFamily: FONT_FAMILY, fontSize: 21, fontWeight: "bold" as const, color: INK },
      subtextStyle: { fontFamily: FONT_FAMILY, fontSize: 14, lineHeight: 19, color: INK_SOFT },
    },
    grid: {
      left: 76,
      right: plot.right ?? 40,
      top: 76 + subtitleLines * 19,
      bottom: 64,
      containLabel: false,
    },
    xAxis: axis(plot.xName, { gap: 34, lines: false }),
    yAxis: axis(plot.yName, { gap: 52, lines: true }),
  } satisfies EChartsOption;
}

function axis(name: string, look: { gap: number; lines: boolean }) {
  return {
    type: "value" as const,
    name,
    nameLocation: "middle" as const,
    nameGap: look.gap,
    nameTextStyle: { fontSize: 15, color: INK },
    axisLabel: { fontSize: 14, color: INK },
    axisLine: { show: !look.lines, lineStyle: { color: INK_SOFT } },
    axisTick: { show: !look.lines, lineStyle: { color: INK_SOFT } },
    splitLine: { show: look.lines, lineStyle: { color: GRID_COLOR } },
  };
}
