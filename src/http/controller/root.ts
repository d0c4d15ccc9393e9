/** `GET /`: what answers here, as a page for a browser and as a few lines for curl. */
import { Elysia } from "elysia";
import { describeRoute } from "../openapi.ts";
import { pageFor } from "../ui.ts";
import type { ControllerParts } from "./parts.ts";

/** The page, or a few lines of text with the next things to try. */
export function root({ service }: ControllerParts) {
  return new Elysia({ name: "controller-root" }).get(
    "/",
    ({ request }) => {
      const page = pageFor(request, "cluster");
      if (page !== undefined) return page;
      const workers = service.workers();
      const up = workers.filter(({ status }) => status !== "down").length;
      const text = [
        `kvnode: the controller of a partitioned key-value store, with ${up} workers of ` +
          `${workers.length} up.`,
        "Write and read at any worker; no data passes through here.",
        "",
        "GET /status   workers and partitions       GET /map?key=…   who keeps a key",
        "GET /events   what has happened            GET /swagger     every call, to try out",
        "",
      ].join("\n");
      return new Response(text, { headers: TEXT_HEADERS });
    },
    {
      detail: describeRoute({
        tag: "operation",
        summary: "What this is",
        description:
          "A page for a browser, which accepts `text/html`: the workers and the map, what moves " +
          "and what happened, keys to write and read. A few lines of text for everybody else.",
        answers: {
          200: {
            description: "A page, or a few lines of text.",
            contentType: "text/plain",
            schema: { type: "string" },
          },
        },
      }),
    },
  );
}

const TEXT_HEADERS = { "content-type": "text/plain; charset=utf-8", vary: "accept" };
