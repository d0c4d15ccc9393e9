/**
 * A history: what clients asked of a key-value store, when they asked and when they were answered.
 * It is all that the checker knows of the store.
 */

/** What became of an operation, as its client knows it. */
export type OperationOutcome =
  /** Answered: it took effect at one moment between its invocation and its return. */
  | "ok"
  /** Certainly not applied: nobody may ever see it. */
  | "refused"
  /** It may take effect at any time after its invocation, once, or never. */
  | "unknown";

/** One call of one client on one key. */
export interface Operation {
  /** Who asked; only for people who read the history. */
  readonly client: number;
  readonly key: string;
  readonly kind: "write" | "read" | "delete";
  /** JSON text: what was written or read; undefined is an absent key, and always so at a delete. */
  readonly value?: string | undefined;
  /** In ms, on one clock for the whole history. */
  readonly invokedAtMs: number;
  /** In ms, not before the invocation; undefined where no answer came. */
  readonly returnedAtMs: number | undefined;
  readonly outcome: OperationOutcome;
}

/** The operations of each key, in the order in which the keys first occur. */
export function byKey(history: readonly Operation[]): Map<string, Operation[]> {
  const keys = new Map<string, Operation[]>();
  for (const operation of history) {
    const operations = keys.get(operation.key);
    if (operations === undefined) keys.set(operation.key, [operation]);
    else operations.push(operation);
  }
  return keys;
}

/**
 * The moment from which on others must see the operation; Infinity where its outcome is unknown,
 * also where an answer (504) came, since it may still take effect afterwards.
 */
export function endOf(operation: Operation): number {
  if (operation.outcome !== "ok") return Number.POSITIVE_INFINITY;
  const { returnedAtMs } = operation;
  if (returnedAtMs === undefined || !(returnedAtMs >= operation.invokedAtMs)) {
    throw new Error(`no time of return, or one before the invocation: ${describe(operation)}`);
  }
  return returnedAtMs;
}

/** Whether the operation says anything about the register: refused ones and failed reads do not. */
export function counts({ kind, outcome }: Operation): boolean {
  return outcome === "ok" || (outcome === "unknown" && kind !== "read");
}

/** One operation as a line for people. */
export function describe(operation: Operation): string {
  const { client, kind, outcome, invokedAtMs, returnedAtMs } = operation;
  const what = kind === "delete" ? "delete" : `${kind} ${operation.value ?? "(absent)"}`;
  const until = returnedAtMs === undefined ? "no answer" : `${returnedAtMs.toFixed(3)} ms`;
  return `client ${client}: ${what} [${invokedAtMs.toFixed(3)} – ${until}] ${outcome}`;
}
