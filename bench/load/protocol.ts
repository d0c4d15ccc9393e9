/**
 * How the driver speaks to a kind of server. Bytes of a request are made once and shared by all
 * clients; what belongs to one connection (what has come in so far, the number of a stream) is its
 * Dialogue. A client has at most one request under way, so a read brings at most one answer.
 */

/** What a client asks for. A value is text without anything that JSON would escape. */
export type Operation =
  | { readonly kind: "put"; readonly key: string; readonly value: string }
  | { readonly kind: "get"; readonly key: string };

/**
 * Why a request was not served: nobody listened; the connection ended, or rubbish came; no answer
 * in time; fewer replicas confirmed than were asked for; the answer says no, or the key is absent.
 */
export type Failure = "connect" | "lost" | "timeout" | "short" | "wrong";

/** No failure at all, by kind. */
export const NO_FAILURES: Readonly<Record<Failure, number>> = {
  connect: 0,
  lost: 0,
  timeout: 0,
  short: 0,
  wrong: 0,
};

/** What an answer says. */
export interface Answer {
  /** Of HTTP; in a protocol that has none 200 for what was served, else 0. */
  readonly status: number;
  /** Empty where bodies are not kept; of a refusal what the server says. */
  readonly body: string;
  /** The server closes the connection after it. */
  readonly last: boolean;
  readonly failure: Failure | undefined;
}

/** What became of a request: a status with its body, or status 0 with the failure. */
export type Settlement = Pick<Answer, "status" | "body" | "failure">;

/** Most answers: one object for all of them. */
export const SERVED: Answer = { status: 200, body: "", last: false, failure: undefined };

/** One connection's half of the talk; a new connection has a new one. */
export interface Dialogue {
  /** What is sent before the first request. */
  readonly hello?: Uint8Array;
  /** Gives what is to be written for a request now; it is written before the next call. */
  prepare?(request: Uint8Array): Uint8Array;
  /** Takes what one read brought; gives the answer that is now whole. Throws a ProtocolError. */
  feed(chunk: Buffer): Answer | undefined;
  /** What must go out although no request is due, once: asked after each `feed`. */
  takeOutgoing?(): Uint8Array | undefined;
  /** The server has ended the connection; gives an answer that is whole by that. */
  end?(): Answer | undefined;
}

/** A kind of server, as the driver asks it. */
export interface Protocol {
  /** The bytes of this request, for any connection; they are kept and never changed by others. */
  encode(operation: Operation): Uint8Array;
  /** Begins a connection. */
  dialogue(): Dialogue;
}

/** The bytes of an answer are not of its protocol. */
export class ProtocolError extends Error {}
