/** `GET /health` (alive) and `GET /ready` (fit to serve). */
import { Elysia } from "elysia";
import { jsonOf } from "./answers.ts";
import { describeRoute } from "./openapi.ts";
import type { HttpParts } from "./parts.ts";

const NOT_READY =
  "2 of 3 required followers are connected and synced; start the missing ones or lower the write " +
  "quorum.";

/**
 * The two checks that container engines and load balancers ask. They ignore query parameters, which
 * such programs add.
 */
export function health({ service }: HttpParts) {
  const node = service.nodeId;
  return new Elysia({ name: "health" })
    .get("/health", () => jsonOf({ status: "ok", node, role: service.status().role }), {
      detail: describeRoute({
        tag: "operation",
        summary: "Is the process alive?",
        answers: {
          200: {
            description: "It is.",
            example: { status: "ok", node: "leader", role: "leader" },
          },
        },
      }),
    })
    .get(
      "/ready",
      () => {
        const readiness = service.readiness();
        if (readiness.ready) return jsonOf({ ready: true, node });
        const { reason, error } = readiness;
        return jsonOf({ ready: false, node, reason, error, message: reason }, 503);
      },
      {
        detail: describeRoute({
          tag: "operation",
          summary: "Is the node fit to serve?",
          description:
            "A leader: enough synced followers for its quorum, and room for more writes. A " +
            "follower: connected and synced. Nobody whose disk fails. At a leader `error` is the " +
            "code that a write is refused with.",
          answers: {
            200: { description: "It is.", example: { ready: true, node: "leader" } },
            503: {
              description: "It is not; `reason` says why.",
              schema: { $ref: "#/components/schemas/Error" },
              example: {
                ready: false,
                node: "leader",
                reason: NOT_READY,
                error: "not_enough_replicas",
                message: NOT_READY,
              },
            },
          },
        }),
      },
    );
}
