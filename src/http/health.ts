/** `GET /health` (alive) and `GET /ready` (fit to serve). */
import { Elysia } from "elysia";
import { jsonOf } from "./answers.ts";
import { describeRoute } from "./openapi.ts";
import type { HttpParts } from "./parts.ts";

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
        const { reason } = readiness;
        const isLeader = service.status().role === "leader";
        const error = readiness.error ?? (isLeader ? "not_enough_replicas" : "recovering");
        return jsonOf({ ready: false, node, reason, error, message: reason }, 503);
      },
      {
        detail: describeRoute({
          tag: "operation",
          summary: "Is the node fit to serve?",
          description:
            "A leader: enough synced followers for its quorum. A follower: connected and synced. " +
            "Nobody whose disk fails.",
          answers: {
            200: { description: "It is.", example: { ready: true, node: "leader" } },
            503: {
              description: "It is not; `reason` says why.",
              schema: { $ref: "#/components/schemas/Error" },
              example: {
                ready: false,
                node: "leader",
                reason: "Only 2 of 3 followers are synced.",
                error: "not_enough_replicas",
                message: "Only 2 of 3 followers are synced.",
              },
            },
          },
        }),
      },
    );
}
