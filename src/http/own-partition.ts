/** `?partition=` of the calls that look at one copy of a worker. */
import { invalidRequest } from "./body.ts";
import type { ParameterDoc } from "./openapi.ts";

export const PARTITION_IN_QUERY: ParameterDoc = {
  name: "partition",
  in: "query",
  description: "Only this worker's copy of that partition; default: all its copies.",
  example: 7,
  schema: { type: "integer", minimum: 0 },
};

/** Undefined where the query names none; whether the worker has a copy is its own to say. */
export function partitionOfQuery(query: ReadonlyMap<string, string>): number | undefined {
  const text = query.get("partition");
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw invalidRequest("The partition must be a whole number from 0.", { field: "partition" });
}
