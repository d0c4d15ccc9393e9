/** `GET /metrics` of a controller: Prometheus' text format. */
import { Elysia } from "elysia";
import { describeRoute } from "../openapi.ts";
import type { ControllerParts } from "./parts.ts";

/** The exposition; states are read from the controller at this moment. */
export function metricsRoute({ service, metrics }: ControllerParts) {
  return new Elysia({ name: "controller-metrics" }).get(
    "/metrics",
    async () => {
      const text = await metrics.render(service.status(), service.counters());
      return new Response(text, { headers: { "content-type": metrics.contentType } });
    },
    {
      detail: describeRoute({
        tag: "operation",
        summary: "Metrics for Prometheus",
        answers: {
          200: {
            description: "Prometheus' text format, version 0.0.4.",
            contentType: "text/plain",
            schema: { type: "string" },
            example: 'kvnode_workers{status="up"} 4',
          },
        },
      }),
    },
  );
}
