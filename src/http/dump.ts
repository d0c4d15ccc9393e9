/** `GET /dump`: every key with value and version, streamed. Report 003 reads it too. */
import { Elysia } from "elysia";
import type { Entry } from "../core/entry.ts";
import { generationOf } from "../core/epoch.ts";
import { quote } from "./answers.ts";
import { describeRoute } from "./openapi.ts";
import { PARTITION_IN_QUERY, partitionOfQuery } from "./own-partition.ts";
import type { HttpParts } from "./parts.ts";
import { queryOf } from "./query.ts";
import type { PartitionedService } from "./service.ts";
import { streamMembers } from "./stream.ts";

/**
 * The whole content. Unknown query parameters are ignored here, since this is also a report's call.
 */
export function dump({ service }: HttpParts) {
  const { partitioned } = service;

  function entriesFor(request: Request): Iterable<Entry> {
    const partition = partitioned && partitionOfQuery(queryOf(request.url));
    return partition === undefined
      ? service.entries()
      : (partitioned as PartitionedService).entries(partition);
  }

  return new Elysia({ name: "dump" }).get(
    "/dump",
    ({ request }) => streamMembers("{", members(entriesFor(request)), "}"),
    {
      detail: describeRoute({
        tag: "cluster",
        summary: "Every key with value and version",
        description:
          "Streamed, in no order, while writes go on. `version` is the sequence, a whole number " +
          "as report 003 expects it; `epoch` completes it.",
        answers: {
          200: {
            description: "All live keys.",
            schema: {
              type: "object",
              additionalProperties: {
                type: "object",
                required: ["value", "version", "epoch"],
                properties: {
                  value: {},
                  version: { type: "integer" },
                  epoch: { type: "integer" },
                },
              },
            },
            example: { greeting: { value: "hello", version: 42, epoch: 1 } },
          },
        },
        ...(partitioned === undefined ? {} : { parameters: [PARTITION_IN_QUERY] }),
        errors: ["recovering", ...(partitioned === undefined ? [] : (["not_member"] as const))],
      }),
    },
  );
}

function* members(entries: Iterable<Entry>): Iterable<string> {
  for (const { key, value, sequence, epoch } of entries) {
    const generation = generationOf(epoch);
    yield `${quote(key)}:{"value":${value},"version":${sequence},"epoch":${generation}}`;
  }
}
