/** Waits for a thing instead of a time. */

export interface WaitOptions {
  /** What is waited for, for the error's sentence. */
  readonly what: string;
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
}

/**
 * Asks `probe` again and again until it gives something truthy, and returns that. A probe that
 * throws has not succeeded yet; its last error stands in the time-out's message.
 */
export async function waitUntil<T>(
  probe: () => T | Promise<T>,
  { what, timeoutMs = 10_000, intervalMs = 20 }: WaitOptions,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  let last = "it never held";
  for (;;) {
    try {
      const found = await probe();
      if (found) return found;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms for ${what}: ${last}`);
    }
    await Bun.sleep(intervalMs);
  }
}
