/**
 * Requests that another worker has sent on to this one. They are answered by what this worker has
 * itself, or refused: a request takes one step and never runs in a circle.
 */
import type { HttpParts } from "./parts.ts";

/** Marks a request that has been sent on once; its value is the sender's id. */
export const FORWARDED_HEADER = "x-kvnode-forwarded";

/** What answers this request. */
export function partsFor(request: Request, parts: HttpParts): HttpParts {
  const { sentHere } = parts;
  return sentHere !== undefined && request.headers.has(FORWARDED_HEADER) ? sentHere : parts;
}

/** A worker's `sentHere`: its own half of the service. Who was asked first counts the writes. */
export function partsOfHere(parts: HttpParts): HttpParts | undefined {
  const here = parts.service.partitioned?.here;
  return here === undefined ? undefined : { ...parts, service: here, writes: here };
}
