/**
 * Makes the history of a register that works: each operation takes effect at one moment between
 * its call and its answer, and each unknown one at a moment after its call, or never.
 */
import { type Random, randomBelow } from "../../src/base/random.ts";
import type { Operation, OperationOutcome } from "./history.ts";

export interface SimulationOptions {
  readonly random: Random;
  readonly clients: number;
  readonly operations: number;
  /** How many different values are written; undefined makes each write's its own. */
  readonly values: number | undefined;
}

interface Planned {
  readonly operation: Operation;
  /** When it takes effect; Infinity is never. */
  readonly effectAtMs: number;
}

const LONGEST_MS = 10;
/** How long an unknown write may be under way before it takes effect. */
const LATEST_MS = 200;

/** A linearizable history of key "k", by invocation. */
export function simulateRegister(options: SimulationOptions): Operation[] {
  const { random, clients, operations } = options;
  const freeAtMs = Array.from({ length: clients }, () => random.next() * LONGEST_MS);
  const plans = Array.from({ length: operations }, (_, index) => {
    const client = randomBelow(random, clients);
    const plan = planOne(options, { client, index, startMs: freeAtMs[client] as number });
    // A client that was not answered goes on all the same.
    const endMs = plan.operation.returnedAtMs ?? (freeAtMs[client] as number) + LONGEST_MS;
    freeAtMs[client] = endMs + random.next();
    return plan;
  });
  let value: string | undefined;
  const history: Operation[] = [];
  for (const { operation, effectAtMs } of plans.sort((a, b) => a.effectAtMs - b.effectAtMs)) {
    if (operation.kind === "read") history.push({ ...operation, value });
    else history.push(operation);
    if (operation.kind !== "read" && effectAtMs !== Number.POSITIVE_INFINITY) {
      value = operation.value;
    }
  }
  return history.sort((a, b) => a.invokedAtMs - b.invokedAtMs);
}

function planOne(
  { random, values }: SimulationOptions,
  { client, index, startMs }: { client: number; index: number; startMs: number },
): Planned {
  const kinds = ["read", "read", "write", "write", "write", "delete"] as const;
  const kind = kinds[randomBelow(random, kinds.length)] ?? "read";
  const written = String(values === undefined ? index : randomBelow(random, values));
  const outcome = outcomeOf(random.next());
  const endMs = startMs + random.next() * LONGEST_MS;
  const duringMs = startMs + random.next() * (endMs - startMs);
  const afterMs = random.next() < 0.5 ? startMs + random.next() * LATEST_MS : Infinity;
  const effects = { ok: duringMs, unknown: afterMs, refused: Number.POSITIVE_INFINITY };
  return {
    operation: {
      ...{ client, key: "k", kind, outcome },
      value: kind === "write" ? written : undefined,
      invokedAtMs: startMs,
      returnedAtMs: outcome === "unknown" ? undefined : endMs,
    },
    effectAtMs: effects[outcome],
  };
}

/** One in fifty is unknown, one in fifty refused. */
function outcomeOf(chance: number): OperationOutcome {
  if (chance < 0.02) return "unknown";
  return chance < 0.04 ? "refused" : "ok";
}
