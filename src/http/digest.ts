/** `GET /digest`: one short text that is the same on nodes that hold the same. */
import { Elysia } from "elysia";
import { jsonOf } from "./answers.ts";
import { describeRoute } from "./openapi.ts";
import { othersFirst } from "./others-first.ts";
import { PARTITION_IN_QUERY, partitionOfQuery } from "./own-partition.ts";
import type { HttpParts } from "./parts.ts";
import { strictQuery } from "./query.ts";

/** An order-free hash over keys, values and versions. */
export function digest({ service }: HttpParts) {
  return new Elysia({ name: "digest" }).get(
    "/digest",
    async ({ request }) => {
      const { partitioned } = service;
      const query = strictQuery(request.url, partitioned === undefined ? [] : ["partition"]);
      const partition = partitionOfQuery(query);
      if (partitioned === undefined || partition === undefined) {
        return jsonOf(await inTurns(service.digest()));
      }
      return jsonOf(await inTurns(partitioned.digest(partition)));
    },
    {
      detail: describeRoute({
        tag: "cluster",
        summary: "Compare nodes quickly",
        description: "Two nodes that hold the same keys, values and versions give the same digest.",
        ...(service.partitioned === undefined ? {} : { parameters: [PARTITION_IN_QUERY] }),
        answers: {
          200: {
            description: "Live keys and the digest over them.",
            schema: {
              type: "object",
              required: ["keys", "digest"],
              properties: { keys: { type: "integer" }, digest: { type: "string" } },
            },
            example: { keys: 100, digest: "9c1f04d2a7b35e68" },
          },
        },
        errors: [
          "invalid_request",
          ...(service.partitioned === undefined ? [] : (["not_member"] as const)),
        ],
      }),
    },
  );
}

/** Carries the steps out, and lets other calls be served between two of them. */
async function inTurns<T>(steps: Generator<undefined, T>): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await othersFirst();
  }
}
