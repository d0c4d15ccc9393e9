/**
 * Errors that a person or a client can cause. Each has a stable code, an HTTP status and, for
 * writes, an outcome: `refused` means certainly not applied and safe to retry, `indeterminate`
 * means accepted but not confirmed (guarantees, "three outcomes").
 *
 * A broken invariant is no such error: it crashes the node (see invariant.ts).
 */

/** What a failed write means for the data. */
export type Outcome = "refused" | "indeterminate";

/** Every stable error code with its HTTP status. */
export const ERROR_STATUS = {
  invalid_request: 400,
  not_leader: 403,
  not_follower: 403,
  foreign_page: 403,
  not_found: 404,
  method_not_allowed: 405,
  unsafe: 409,
  id_taken: 409,
  not_member: 409,
  too_large: 413,
  not_enough_replicas: 503,
  recovering: 503,
  overloaded: 503,
  storage_failed: 503,
  stopping: 503,
  quorum_timeout: 504,
  quorum_unreachable: 504,
  leader_changed: 504,
  leader_unreachable: 504,
  forward_lost: 504,
  worker_unreachable: 504,
  internal: 500,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

export interface KvErrorOptions {
  readonly code: ErrorCode;
  /** One clear sentence that says what to do. */
  readonly message: string;
  /** Only for writes. */
  readonly outcome?: Outcome;
  /** Fields that go beside code and message into the JSON answer. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** An error with a stable code; its message is one clear sentence for the person who caused it. */
export class KvError extends Error {
  readonly code: ErrorCode;
  readonly outcome: Outcome | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(options: KvErrorOptions) {
    super(options.message);
    this.name = "KvError";
    this.code = options.code;
    this.outcome = options.outcome;
    this.details = options.details ?? {};
  }

  /** The HTTP status that belongs to the code. */
  get status(): number {
    if (this.code === "storage_failed" && this.outcome === "indeterminate") {
      return 504;
    }
    return ERROR_STATUS[this.code];
  }
}
