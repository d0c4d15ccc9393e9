/** `GET /health` (alive) and `GET /ready` (fit to judge) of a controller. */
import { Elysia } from "elysia";
import { jsonOf } from "../answers.ts";
import { describeRoute } from "../openapi.ts";
import type { ControllerParts } from "./parts.ts";

/** They ignore query parameters, which container engines and load balancers add. */
export function health({ service }: ControllerParts) {
  const node = service.nodeId;
  return new Elysia({ name: "controller-health" })
    .get(
      "/health",
      () => {
        const living = service.workers().filter(({ status }) => status !== "down").length;
        const problem = service.problem();
        return jsonOf({
          status: "controller up",
          workers_count: living,
          node,
          role: "controller",
          ...(problem === undefined ? {} : { problem }),
        });
      },
      { detail: HEALTH_DOC },
    )
    .get(
      "/ready",
      () => {
        const readiness = service.readiness();
        if (readiness.ready) return jsonOf({ ready: true, node });
        const { reason, error } = readiness;
        return jsonOf({ ready: false, node, reason, error, message: reason }, 503);
      },
      { detail: READY_DOC },
    );
}

const HEALTH_DOC = describeRoute({
  tag: "operation",
  summary: "Is the process alive?",
  description: "`workers_count` counts the living; `problem` says why nothing can be decided.",
  answers: {
    200: {
      description: "It is.",
      example: {
        status: "controller up",
        workers_count: 4,
        node: "controller",
        role: "controller",
      },
    },
  },
});

const READY_DOC = describeRoute({
  tag: "operation",
  summary: "Is the controller fit to judge?",
  description: "Its disk works, and it has listened to the workers for one HEARTBEAT_TIMEOUT.",
  answers: {
    200: { description: "It is.", example: { ready: true, node: "controller" } },
    503: {
      description: "It is not; `reason` says why.",
      schema: { $ref: "#/components/schemas/Error" },
      example: {
        ready: false,
        node: "controller",
        reason: "It has listened to the workers for 2s of 6s.",
        error: "recovering",
        message: "It has listened to the workers for 2s of 6s.",
      },
    },
  },
});
