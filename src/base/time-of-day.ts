/** Milliseconds since 1970 as ISO 8601, in UTC. */
export function isoTime(timeOfDayMs: number): string {
  return new Date(timeOfDayMs).toISOString();
}
