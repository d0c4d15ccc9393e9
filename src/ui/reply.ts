/** What came of a call to the node that served the page, and what to say of it. */

/** What came of a call; status 0: no answer came. */
export interface Reply {
  readonly status: number;
  readonly ok: boolean;
  /** As it came; empty where no answer came. */
  readonly text: string;
  /** The JSON object in it; empty where there is none. */
  readonly body: Readonly<Record<string, unknown>>;
  /** From the request to the whole answer. */
  readonly ms: number;
}

export interface Call {
  readonly method?: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  /** JSON text. */
  readonly body?: string;
}

export type Ask = (call: Call) => Promise<Reply>;

/** How a failure looks to a person: certainly nothing happened, or nobody knows. */
export interface Failure {
  readonly kind: "refused" | "uncertain" | "failed";
  /** `Refused`, `Not certain` … */
  readonly title: string;
  /** A sentence that says what to do. */
  readonly sentence: string;
}

/** Says in plain words why a call did not succeed. */
export function explain(reply: Reply, { isWrite }: { readonly isWrite: boolean }): Failure {
  const { message, outcome, error } = reply.body;
  if (reply.status === 0) {
    const nobody = "No answer came: is this page's server still running?";
    return isWrite
      ? uncertain(`${nobody} The write may or may not have been applied; read the key to see.`)
      : { kind: "failed", title: "No answer", sentence: nobody };
  }
  const sentence =
    typeof message === "string" ? message : `The server answered with status ${reply.status}.`;
  if (outcome === "indeterminate") return uncertain(sentence);
  if (error === "not_found") return { kind: "failed", title: "Not found", sentence };
  if (isWrite && outcome === "refused") return { kind: "refused", title: "Refused", sentence };
  return { kind: "failed", title: "It did not work", sentence };
}

function uncertain(sentence: string): Failure {
  return { kind: "uncertain", title: "Not certain", sentence };
}
