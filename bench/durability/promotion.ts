/** What `kvnode promote` does: asks a node to take over, with force only where it has to be. */
import { BenchError } from "../quorum/bench-error.ts";

const CALL_MS_MAX = 15_000;
const PROMOTED_MS_MAX = 30_000;
const AGAIN_AFTER_MS = 100;

/** Resolves when the node leads; true if it refused to as unsafe and was then forced. */
export async function promote(address: string): Promise<{ readonly forced: boolean }> {
  const deadline = performance.now() + PROMOTED_MS_MAX;
  let force = false;
  let said = "no answer";
  while (performance.now() < deadline) {
    const answer = await ask(address, force);
    if (answer.ok) return { forced: force };
    said = answer.message;
    if (answer.missing > 0) force = true;
    else await Bun.sleep(AGAIN_AFTER_MS);
  }
  throw new BenchError(`${address} did not become the leader: ${said}`);
}

interface Answer {
  readonly ok: boolean;
  readonly message: string;
  /** How many nodes an unsafe takeover would leave out; 0 for another refusal. */
  readonly missing: number;
}

async function ask(address: string, force: boolean): Promise<Answer> {
  try {
    const response = await fetch(`${address}/admin/promote`, {
      method: "POST",
      body: JSON.stringify({ force }),
      signal: AbortSignal.timeout(CALL_MS_MAX),
    });
    const { error, message, missing } = (await response.json()) as Record<string, unknown>;
    const unsafe = error === "unsafe" && Array.isArray(missing) ? missing.length : 0;
    return { ok: response.ok, message: String(message), missing: unsafe };
  } catch (error) {
    return { ok: false, message: String(error), missing: 0 };
  }
}
