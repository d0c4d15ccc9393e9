/** A follower sends a linearizable read on to its leader. */
import { KvError } from "../base/errors.ts";
import { FORWARDED_HEADER } from "./forwarded.ts";
import { pathOfKey } from "./keys.ts";
import type { HttpParts } from "./parts.ts";

/** The leader may take the whole time-out to say what went wrong; its answer is the better one. */
const MARGIN_MS = 500;

/** Headers of the leader's answer that the client sees. */
const PASSED_HEADERS = ["content-type", "etag"];

/**
 * Reads `key` linearizably at the leader and passes its answer on. Throws `recovering` when no
 * leader is known or this request was sent here in the
 * belief that this node leads, and `leader_unreachable` when the leader does not answer.
 */
export async function readAtLeader(
  parts: HttpParts,
  request: Request,
  key: string,
): Promise<Response> {
  const { leader } = parts.service.status();
  if (leader === null || request.headers.has(FORWARDED_HEADER)) {
    throw new KvError({
      code: "recovering",
      message: "No leader is known here at the moment; try again soon, or read with level=local.",
      outcome: "refused",
    });
  }
  const path = pathOfKey("/kv/", key);
  const headers = new Headers({ [FORWARDED_HEADER]: parts.service.nodeId });
  const known = request.headers.get("if-none-match");
  if (known !== null) headers.set("if-none-match", known);
  try {
    const answer = await fetch(
      `${leader}${path}${path.includes("?") ? "&" : "?"}level=linearizable`,
      {
        headers,
        signal: AbortSignal.timeout(parts.forwardTimeoutMs + MARGIN_MS),
        redirect: "manual",
      },
    );
    const body = answer.status === 304 ? null : await answer.arrayBuffer();
    return new Response(body, { status: answer.status, headers: passedHeaders(answer) });
  } catch {
    throw new KvError({
      code: "leader_unreachable",
      message: `The leader at ${leader} did not answer; try again, or read with level=local.`,
      details: { leader },
    });
  }
}

function passedHeaders(answer: Response): Headers {
  const headers = new Headers();
  for (const name of PASSED_HEADERS) {
    const value = answer.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return headers;
}
