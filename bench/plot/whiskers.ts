/** Whiskers: the spread of a measured point, as a line with two short bars. */
import type { CustomSeriesOption } from "echarts";

export interface Whisker {
  readonly x: number;
  readonly low: number;
  readonly high: number;
}

/** Whiskers in one colour; points without a spread get none. */
export function whiskers(
  points: readonly Whisker[],
  look: { color: string; halfWidth?: number; z?: number },
): CustomSeriesOption {
  const half = look.halfWidth ?? 6;
  return {
    type: "custom",
    silent: true,
    // So that the axis reaches as far as the whiskers do.
    encode: { x: 0, y: [1, 2] },
    z: look.z ?? 3,
    data: points
      .filter((point) => point.high > point.low)
      .map(({ x, low, high }) => [x, low, high]),
    renderItem: (_, api) => {
      const [x = 0, low = 0] = api.coord([api.value(0), api.value(1)]);
      const [, high = 0] = api.coord([api.value(0), api.value(2)]);
      const style = { stroke: look.color, lineWidth: 1.6 };
      const line = (x1: number, y1: number, x2: number, y2: number) => ({
        type: "line" as const,
        shape: { x1, y1, x2, y2 },
        style,
      });
      return {
        type: "group",
        children: [
          line(x, low, x, high),
          line(x - half, low, x + half, low),
          line(x - half, high, x + half, high),
        ],
      };
    },
  };
}
