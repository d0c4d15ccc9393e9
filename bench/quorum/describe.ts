/** Words that several plots and the summary share. */
import type { Setting } from "./results.ts";

/** `0.1–1 ms`, or `none`. */
export function describeDelay(setting: { minDelayMs: number; maxDelayMs: number }): string {
  if (setting.maxDelayMs === 0) return "none";
  return `${setting.minDelayMs}–${setting.maxDelayMs} ms`;
}

/** `10,000` */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** `1 write`, `3 writes` */
export function plural(value: number, word: string): string {
  return `${count(value)} ${word}${value === 1 ? "" : "s"}`;
}

/** What was measured, for a subtitle. */
export function describeSetting(setting: Setting): string {
  const nodes = `1 leader, ${plural(setting.followers, "follower")}`;
  const delay = `simulated network ${describeDelay(setting)}`;
  const load = `${plural(setting.clients, "client")}, ${plural(setting.writes, "write")}`;
  return `${nodes}, ${delay}; ${load} × ${plural(setting.repeats, "repeat")}`;
}
