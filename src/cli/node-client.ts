/** Talks to one node by the canonical HTTP surface and turns what can go wrong into sentences. */
import { CommandError, EXIT } from "./exit-code.ts";

/** A node's answer, whatever its status. */
export interface Reply {
  readonly status: number;
  readonly ok: boolean;
  /** The JSON text as it came. */
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface NodeRequest {
  readonly method?: "GET" | "PUT" | "DELETE" | "POST";
  readonly path: string;
  /** JSON text. */
  readonly body?: string;
}

/** Where the connection failed before the request could have been sent. */
const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

/** A client of the node at `url`; every request ends within `timeoutMs`. */
export class NodeClient {
  readonly url: string;
  readonly #timeoutMs: number;

  constructor(url: string, timeoutMs: number) {
    this.url = url;
    this.#timeoutMs = timeoutMs;
  }

  /** The same for another node. */
  at(url: string): NodeClient {
    return new NodeClient(url, this.#timeoutMs);
  }

  /** The same with another time-out, in ms. */
  within(timeoutMs: number): NodeClient {
    return new NodeClient(this.url, timeoutMs);
  }

  /** The node's answer; throws CommandError where there is none that makes sense. */
  async request({ method = "GET", path, body }: NodeRequest): Promise<Reply> {
    const write = method !== "GET";
    let status: number;
    let text: string;
    try {
      const response = await fetch(this.url + path, {
        method,
        redirect: "manual",
        // The runtime would send a write again by itself when a used connection closes under it.
        keepalive: false,
        signal: AbortSignal.timeout(this.#timeoutMs),
        ...(body === undefined ? {} : { body, headers: { "content-type": "application/json" } }),
      });
      status = response.status;
      text = await response.text();
    } catch (error) {
      throw this.#explain(error, write);
    }
    const parsed = parseObject(text);
    if (parsed === undefined) {
      throw new CommandError(
        `${this.url} answers, but not as a kvnode does (HTTP ${status}): check the address.`,
        EXIT.unreachable,
      );
    }
    return { status, ok: status >= 200 && status < 300, text, body: parsed };
  }

  /** The body of a GET that has to succeed. */
  async get(path: string): Promise<Readonly<Record<string, unknown>>> {
    const reply = await this.request({ path });
    if (!reply.ok) throw refusal(reply);
    return reply.body;
  }

  #explain(error: unknown, write: boolean): CommandError {
    const { code, name } = error as { code?: unknown; name?: unknown };
    if (typeof code === "string" && NEVER_SENT.has(code)) {
      const why = code === "ENOTFOUND" || code === "EAI_AGAIN" ? " (no such host)" : "";
      return new CommandError(
        `No node answers at ${this.url}${why}: start it, or name another by --node URL.`,
        EXIT.unreachable,
      );
    }
    const late = name === "TimeoutError";
    const what = late
      ? `${this.url} did not answer within ${this.#timeoutMs} ms`
      : `${this.url} closed the connection without an answer`;
    if (!write) return new CommandError(`${what}.`, EXIT.unreachable);
    return new CommandError(
      `${what}; the write may or may not have been applied: read the key to see.`,
      EXIT.indeterminate,
    );
  }
}

/** Leaders may change while somebody looks for them, but not for ever. */
const HOPS_MAX = 5;

/**
 * Asks the node, and where that refuses because another one leads, asks that one. It is safe to
 * send a write again there: `not_leader` has certainly not applied it. `onHop` hears of each step.
 */
export async function requestAtLeader(
  first: NodeClient,
  request: NodeRequest,
  onHop: (from: string, to: string) => void,
): Promise<Reply> {
  let client = first;
  for (let hops = 0; ; hops++) {
    const reply = await requestKeys(client, request);
    const { error, leader } = reply.body;
    const elsewhere = typeof leader === "string" && leader !== client.url;
    if (error !== "not_leader" || !elsewhere || hops === HOPS_MAX) return reply;
    onHop(client.url, leader);
    client = client.at(leader);
  }
}

/** Sends a call about keys; throws CommandError where the node is a controller, which has none. */
export async function requestKeys(client: NodeClient, request: NodeRequest): Promise<Reply> {
  const reply = await client.request(request);
  // A node that has keys names the one that is not there.
  if (reply.body.error !== "not_found" || reply.body.key !== undefined) return reply;
  const { role, workers } = await client.get("/status");
  if (role !== "controller") return reply;
  const [first] = (Array.isArray(workers) ? workers : []) as { address?: unknown }[];
  const example = typeof first?.address === "string" ? `, such as --node ${first.address}` : "";
  throw new CommandError(
    `${client.url} is a controller and keeps no keys: name one of its workers${example}.`,
    EXIT.usage,
  );
}

/** A node's refusal as the end of the command. */
export function refusal(reply: Reply): CommandError {
  const { error, message, outcome } = reply.body;
  const sentence =
    typeof message === "string" ? message : `The node answered ${reply.status} ${error ?? ""}.`;
  if (outcome === "indeterminate") return new CommandError(sentence, EXIT.indeterminate);
  return new CommandError(sentence, error === "invalid_request" ? EXIT.usage : EXIT.no);
}

/** The path that names a key; a key that is a dot segment can't stand in a path at all. */
export function pathOfKey(key: string): string {
  if (key === "") throw new CommandError("The key is empty.", EXIT.usage);
  if (key === "." || key === "..") return `/kv/?key=${key}`;
  if (!key.isWellFormed()) throw new CommandError("The key is not valid Unicode.", EXIT.usage);
  return `/kv/${encodeURIComponent(key)}`;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
