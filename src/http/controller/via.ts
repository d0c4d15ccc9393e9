/**
 * `/via/{worker}/…`: passes a person's call on to a worker, for a browser that can't reach
 * addresses inside a container network. The cluster itself never needs it.
 */
import { Elysia } from "elysia";
import { KvError } from "../../base/errors.ts";
import { describeRoute, type ParameterDoc } from "../openapi.ts";
import type { ControllerParts } from "./parts.ts";

const PREFIX = "/via/";

/** How the path is written where the API is described. */
export const VIA_TEMPLATE = "/via/{worker}/{path}";

/** Calls of a worker that people make; nothing else, so that this is no way into other servers. */
const PASSED_CALLS = new Set([
  ...["kv", "keys", "status", "digest", "dump", "health", "ready", "metrics", "config", "pull"],
  ...["replicate", "map"],
]);

const REQUEST_HEADERS = ["content-type", "if-none-match", "accept"];
const ANSWER_HEADERS = ["content-type", "etag", "allow"];

/** A write waits for its quorum at the worker, which then says what went wrong. */
const MARGIN_MS = 1_000;
/** An answer may be long: a dump of everything. */
const BODY_MS_MAX = 120_000;

/** Any method that a worker takes; bodies stream through in both directions. */
export function via(parts: ControllerParts) {
  const pass = ({ request }: { request: Request }) => passOn(parts, request);
  return new Elysia({ name: "controller-via" })
    .get("/via/*", pass, { detail: docOf("Read at a worker") })
    .put("/via/*", pass, { parse: "none", detail: docOf("Write at a worker") })
    .post("/via/*", pass, { parse: "none", detail: docOf("Call a worker") })
    .delete("/via/*", pass, { parse: "none", detail: docOf("Remove at a worker") });
}

async function passOn(parts: ControllerParts, request: Request): Promise<Response> {
  const { worker, rest } = targetOf(request.url);
  const address = parts.service.addressOf(worker);
  if (address === undefined || !PASSED_CALLS.has(/^[^/?]*/.exec(rest)?.[0] ?? "")) {
    throw new KvError({
      code: "not_found",
      message:
        address === undefined
          ? `There is no worker ${JSON.stringify(worker.slice(0, 64))}; GET /workers lists them.`
          : "That is no call of a worker that can be passed on; such as /via/w1/kv/greeting.",
      outcome: "refused",
    });
  }
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), parts.forwardTimeoutMs + MARGIN_MS);
  try {
    const answer = await fetch(`${address}/${rest}`, {
      method: request.method,
      headers: chosen(request.headers, REQUEST_HEADERS),
      body: request.method === "GET" ? null : request.body,
      redirect: "manual",
      // On a connection that was used before, the runtime sends a write again by itself when that
      // one closes under it: it might be carried out twice.
      keepalive: false,
      signal: abort.signal,
    });
    clearTimeout(timer);
    return new Response(
      bounded(answer.body, () => abort.abort()),
      {
        status: answer.status,
        headers: chosen(answer.headers, ANSWER_HEADERS),
      },
    );
  } catch (error) {
    clearTimeout(timer);
    throw noAnswer({ worker, address, method: request.method, error });
  }
}

/** The worker's id and what stands behind it, byte for byte: a key's escapes must stay. */
function targetOf(url: string): { worker: string; rest: string } {
  const path = url.slice(url.indexOf(PREFIX, url.indexOf("://") + 3) + PREFIX.length);
  const [worker = ""] = path.split(/[/?]/, 1);
  return { worker, rest: path.slice(worker.length).replace(/^\//, "") };
}

function chosen(headers: Headers, names: readonly string[]): Headers {
  const picked = new Headers({});
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) picked.set(name, value);
  }
  return picked;
}

interface Failure {
  readonly worker: string;
  readonly address: string;
  readonly method: string;
  readonly error: unknown;
}

/** What the runtime says where no connection came about. */
const NOT_REACHED = new Set(["ECONNREFUSED", "ConnectionRefused", "ENOTFOUND", "EHOSTUNREACH"]);

/** A call that did not reach the worker changed nothing; of any other write nobody knows. */
function noAnswer({ worker, address, method, error }: Failure): KvError {
  const notReached = NOT_REACHED.has(String((error as { code?: unknown } | null)?.code));
  const details = { worker, address };
  if (method === "GET" || notReached) {
    return new KvError({
      code: "worker_unreachable",
      message: `The worker ${worker} at ${address} did not answer; is it running?`,
      ...(method === "GET" ? {} : { outcome: "refused" as const }),
      details,
    });
  }
  return new KvError({
    code: "forward_lost",
    message:
      `The worker ${worker} at ${address} was sent the call and did not answer; what was asked ` +
      "for may have happened.",
    outcome: "indeterminate",
    details,
  });
}

const PARAMETERS: readonly ParameterDoc[] = [
  {
    name: "worker",
    in: "path",
    required: true,
    description: "The id of a worker that has registered.",
    example: "w1",
  },
  {
    name: "path",
    in: "path",
    required: true,
    description: "A call of that worker, with its query.",
    example: "kv/greeting",
  },
];

function docOf(summary: string) {
  return describeRoute({
    tag: "workers",
    summary,
    description:
      "The call is passed on as it is, and so is the worker's answer, its errors too: for the " +
      "page, whose browser may not reach the workers' addresses.",
    parameters: PARAMETERS,
    answers: { 200: { description: "Whatever the worker answers.", example: {} } },
    errors: ["not_found", "worker_unreachable", "forward_lost"],
  });
}

/** The body, which is given up when it takes too long. */
function bounded(body: Response["body"], giveUp: () => void): Response["body"] {
  if (body === null) return null;
  const timer = setTimeout(giveUp, BODY_MS_MAX);
  timer.unref();
  const end = () => clearTimeout(timer);
  // `cancel` comes where either side breaks off; the types do not know it yet.
  const ends: Transformer & { cancel(): void } = { flush: end, cancel: end };
  return body.pipeThrough(new TransformStream(ends));
}
