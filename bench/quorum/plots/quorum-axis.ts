/** The axis on which quorums stand. */
import { INK, INK_SOFT } from "../../plot/style.ts";

/** Labels at these quorums alone, although the axis goes on a little at both ends. */
export function quorumAxis(quorums: readonly number[]) {
  return {
    min: Math.min(...quorums) - 0.4,
    max: Math.max(...quorums) + 0.4,
    axisLabel: { fontSize: 14, color: INK, customValues: [...quorums] },
    axisTick: { show: true, customValues: [...quorums], lineStyle: { color: INK_SOFT } },
  };
}
