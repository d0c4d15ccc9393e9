/** Measures how long nobody can write: it tries one key again and again until one try succeeds. */

/** How often the probe tries. */
export const PROBE_EVERY_MS = 20;

/** The key that it writes. */
export const PROBE_KEY = "kvnode-failover-probe";

const TRY_TIMEOUT_MS = 5_000;

export interface Probed {
  /** From the call until the first acknowledgement. */
  readonly ms: number;
  readonly tries: number;
  /** Through whom the write came that was acknowledged; undefined where the probe was stopped. */
  readonly through: string | undefined;
}

/**
 * Writes a key every 20 ms through the worker that `via` names at that moment, without waiting for
 * the tries before, and resolves with the first that is acknowledged.
 */
export async function probeWrites(
  via: () => { readonly id: string; readonly address: string } | undefined,
  stopped: () => boolean,
): Promise<Probed> {
  const startedAt = performance.now();
  const others = new AbortController();
  let first: Probed | undefined;
  let tries = 0;
  while (first === undefined && !stopped()) {
    const worker = via();
    if (worker !== undefined) {
      tries += 1;
      const signal = AbortSignal.any([others.signal, AbortSignal.timeout(TRY_TIMEOUT_MS)]);
      void tryOnce(worker.address, tries, signal).then((acknowledged) => {
        if (!acknowledged) return;
        first ??= { ms: performance.now() - startedAt, tries, through: worker.id };
      });
    }
    await Bun.sleep(PROBE_EVERY_MS);
  }
  others.abort();
  return first ?? { ms: performance.now() - startedAt, tries, through: undefined };
}

async function tryOnce(address: string, value: number, signal: AbortSignal): Promise<boolean> {
  try {
    const reply = await fetch(`${address}/kv/${PROBE_KEY}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ value }),
      signal,
    });
    await reply.body?.cancel();
    return reply.ok;
  } catch {
    return false;
  }
}
