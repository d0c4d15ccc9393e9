/** The latencies of the last writes as a chart: a dot a write, a line at each run's median. */
import { quantile, type Run, SAMPLES_MAX, type Sample, toRuns } from "./samples.ts";
import { h, type TreeElement } from "./tree.ts";
import { duration } from "./words.ts";

const HEIGHT = 200;
const LEFT = 52;
const RIGHT = 8;
const TOP = 26;
const BOTTOM = 8;
/** Space for so many writes at least, so that the first ones do not fill the width. */
const ROOM_MIN = 60;
/** A run narrower than this has no room for its words. */
const LABEL_WIDTH_MIN = 26;

/** The chart, `width` CSS pixels wide. */
export function latencyChart(samples: readonly Sample[], width: number): TreeElement {
  const runs = toRuns(samples);
  const top = niceMax(
    quantile(
      samples.map(({ ms }) => ms),
      0.98,
    ) * 1.15,
  );
  const room = Math.min(SAMPLES_MAX, Math.max(ROOM_MIN, samples.length));
  const x = (index: number) => round(LEFT + ((index + 0.5) / room) * (width - LEFT - RIGHT));
  const y = (ms: number) => {
    return round(HEIGHT - BOTTOM - Math.min(1, ms / top) * (HEIGHT - TOP - BOTTOM));
  };
  return h(
    "svg",
    {
      class: "chart",
      role: "img",
      "aria-label": describe(runs),
      viewBox: `0 0 ${width} ${HEIGHT}`,
      width,
      height: HEIGHT,
    },
    [0, 0.5, 1].map((share) => gridLine(share * top, y(share * top), width)),
    runs.map((run, index) => runMarks(run, { x, y, isFirst: index === 0 })),
    samples.length === 0 &&
      h(
        "text",
        { x: width / 2, y: HEIGHT / 2, class: "chart-empty", "text-anchor": "middle" },
        "Each write is a dot here.",
      ),
  );
}

function gridLine(ms: number, y: number, width: number): TreeElement {
  return h(
    "g",
    { class: "chart-grid" },
    h("line", { x1: LEFT, x2: width - RIGHT, y1: y, y2: y }),
    h("text", { x: LEFT - 8, y: y + 4, "text-anchor": "end" }, ms === 0 ? "0" : axisLabel(ms)),
  );
}

function axisLabel(ms: number): string {
  return ms < 1_000
    ? `${Number(ms.toPrecision(2))} ms`
    : `${Number((ms / 1_000).toPrecision(2))} s`;
}

function runMarks(
  run: Run,
  scale: {
    readonly x: (index: number) => number;
    readonly y: (ms: number) => number;
    readonly isFirst: boolean;
  },
): TreeElement {
  const { x, y, isFirst } = scale;
  const start = (x(run.from) + x(run.from - 1)) / 2;
  const end = (x(run.from + run.ms.length - 1) + x(run.from + run.ms.length)) / 2;
  const median = y(quantile(run.ms, 0.5));
  const hue = `quorum-${Math.min(run.required, 6)}`;
  // One path for all dots: a line of no length with round ends is a dot.
  const dots = run.ms.map((ms, index) => `M${x(run.from + index)} ${y(ms)}h0`).join("");
  return h(
    "g",
    { class: hue },
    !isFirst && h("line", { class: "chart-cut", x1: start, x2: start, y1: TOP - 14, y2: HEIGHT }),
    h("path", { class: "chart-dots", d: dots }),
    h("line", { class: "chart-median", x1: start, x2: end, y1: median, y2: median }),
    end - start >= LABEL_WIDTH_MIN &&
      h("text", { class: "chart-run", x: start + 4, y: TOP - 10 }, `W ${run.required}`),
  );
}

function describe(runs: readonly Run[]): string {
  if (runs.length === 0) return "Latency of the last writes: none yet.";
  const parts = runs.map(({ required, ms }) => {
    return `quorum ${required}: median ${duration(quantile(ms, 0.5))}`;
  });
  return `Latency of the last writes. ${parts.join("; ")}.`;
}

/** The next 1, 2 or 5 followed by zeros. */
export function niceMax(ms: number): number {
  if (ms <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(ms));
  const step = [1, 2, 5, 10].find((each) => each * power >= ms) ?? 10;
  return step * power;
}

function round(number: number): number {
  return Math.round(number * 10) / 10;
}
