/** `GET /metrics`: Prometheus' text format. */
import { Elysia } from "elysia";
import { describeRoute } from "./openapi.ts";
import type { HttpParts } from "./parts.ts";

/** The exposition; states are read from the service at this moment. */
export function metricsRoute({ service, metrics, connections }: HttpParts) {
  return new Elysia({ name: "metrics" }).get(
    "/metrics",
    async () => {
      const text = await metrics.render({
        status: service.status(),
        counters: service.counters?.(),
        connections: connections?.counts(),
      });
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
            example: 'kvnode_writes_total{outcome="acknowledged"} 42',
          },
        },
      }),
    },
  );
}
