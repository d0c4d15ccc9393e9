/** Large values, so that catching up with them takes a moment. */
import type { Operation } from "../../linearizability/history.ts";
import type { Ledger } from "./ledger.ts";
import type { Life } from "./life.ts";

const KEYS = 32;
const VALUE_LENGTH = 200_000;
const AT_ONCE = 4;

/** Writes them at a node that takes writes, whatever the outcome, and notes it. */
export async function writeBallast(node: Life, ledger: Ledger, label: string): Promise<void> {
  let next = 0;
  const writer = async () => {
    while (next < KEYS) {
      const number = next++;
      const key = `ballast-${number}`;
      const text = `${label}-${number}-`.padEnd(VALUE_LENGTH, "x");
      const { outcome, body } = await write(node, key, text);
      const value = JSON.stringify(text);
      const operation = { client: -1, key, kind: "write", value, invokedAtMs: 0 } as const;
      ledger.note({ ...operation, returnedAtMs: 0, outcome }, body);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, writer));
}

async function write(
  node: Life,
  key: string,
  value: string,
): Promise<{ readonly outcome: Operation["outcome"]; readonly body: string }> {
  try {
    const answer = await node.ask("PUT", `/kv/${key}`, { value });
    const body = await answer.text();
    if (answer.ok) return { outcome: "ok", body };
    const refused = answer.status === 503 || (answer.status >= 400 && answer.status < 500);
    return { outcome: refused ? "refused" : "unknown", body };
  } catch {
    return { outcome: "unknown", body: "" };
  }
}
