/**
 * What clients asked and were answered: the history that the linearizability checker judges, and
 * which client's write a value comes from. Values are unique.
 */
import type { Version } from "../../../src/core/version.ts";
import type { Operation, OperationOutcome } from "../../linearizability/history.ts";

export interface LoggedOperation {
  readonly id: number;
  readonly client: number;
  readonly key: string;
  readonly kind: Operation["kind"];
  /** Of a write, its own; of a read, what it saw. */
  value: string | undefined;
  readonly invokedAtMs: number;
  returnedAtMs: number | undefined;
  /** Undefined while it is under way. */
  outcome: OperationOutcome | undefined;
  /** The version that the leader which took it gave it, as first seen anywhere. */
  version: Version | undefined;
}

export class OperationLog {
  readonly #nowMs: () => number;
  readonly operations: LoggedOperation[] = [];
  readonly #writers = new Map<string, LoggedOperation>();
  #stamps = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** A client asks. A write is given its value, `length` units long or a little more. */
  invoked(question: {
    readonly client: number;
    readonly key: string;
    readonly kind: Operation["kind"];
    readonly length: number;
  }): LoggedOperation {
    const { client, key, kind, length } = question;
    const id = this.operations.length;
    const value = kind === "write" ? JSON.stringify(`w${id}`.padEnd(length, ".")) : undefined;
    const operation: LoggedOperation = {
      ...{ id, client, key, kind, value },
      invokedAtMs: this.#stamp(),
      returnedAtMs: undefined,
      outcome: undefined,
      version: undefined,
    };
    this.operations.push(operation);
    if (value !== undefined) {
      this.#writers.set(value, operation);
    }
    return operation;
  }

  /** The client has its answer, or has given up. The first word holds. */
  returned(operation: LoggedOperation, outcome: OperationOutcome, value?: string): void {
    if (operation.outcome === undefined) {
      operation.outcome = outcome;
      operation.returnedAtMs = this.#stamp();
      if (operation.kind === "read") {
        operation.value = value;
      }
    }
  }

  /** Who wrote this value, if anybody. */
  writerOf(value: string): LoggedOperation | undefined {
    return this.#writers.get(value);
  }

  /** For the checker; what has no answer by now is unknown. */
  history(): Operation[] {
    return this.operations.map(
      ({ client, key, kind, value, invokedAtMs, returnedAtMs, outcome = "unknown" }) => {
        return { client, key, kind, value, invokedAtMs, returnedAtMs, outcome };
      },
    );
  }

  /** Later than all before, also within one moment: what ended is told from what began then. */
  #stamp(): number {
    this.#stamps += 1;
    return this.#nowMs() + this.#stamps * 1e-7;
  }
}

/** `w12`, without what makes it long. */
export function nameOf(value: string | undefined): string {
  return value === undefined ? "(absent)" : value.slice(1, -1).replace(/\.+$/, "");
}
