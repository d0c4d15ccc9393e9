/** Numbers and times as people say them. */

/** `1 partition`, `3 partitions`; numbers from 1,000 on with a comma. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

/** A time with as many digits as one reads: `0.42 ms`, `7.3 ms`, `310 ms`, `4.2 s`, `3 min`. */
export function duration(ms: number): string {
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return `${(ms / 3_600_000).toFixed(1)} h`;
}

/** How long ago, in steps that do not flicker: `now`, `2 s ago`, `5 min ago`. */
export function ago(ms: number): string {
  if (ms < 1_500) return "now";
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s ago`;
  return `${duration(ms)} ago`;
}

/** `a`, `a and b`, `a, b and c`; of more than `most` the rest is counted. */
export function list(names: readonly string[], most = 4): string {
  if (names.length > most) {
    return `${names.slice(0, most).join(", ")} and ${names.length - most} more`;
  }
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}

/** The time of day, `14:03:27`, where the reader is. */
export function clockTime(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB", { hour12: false });
}
