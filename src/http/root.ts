/** `GET /`: what answers here, as a page for a browser and as a few lines for curl. */
import { Elysia } from "elysia";
import { describeRoute } from "./openapi.ts";
import type { HttpParts } from "./parts.ts";
import type { KvService } from "./service.ts";
import { pageFor } from "./ui.ts";

/** The page, or a few lines of text with the next things to try. */
export function root({ service }: HttpParts) {
  return new Elysia({ name: "root" }).get(
    "/",
    ({ request }) => {
      return pageFor(request, "group") ?? new Response(textOf(service), { headers: TEXT_HEADERS });
    },
    {
      detail: describeRoute({
        tag: "operation",
        summary: "What this is",
        description:
          "A page for a browser, which accepts `text/html`: write, read and list keys, watch the " +
          "followers, turn the quorum. A worker's leads to the controller's, which shows the " +
          "whole cluster. A few lines of text for everybody else.",
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

function textOf(service: KvService): string {
  const { node, role, keys } = service.status();
  return [
    `kvnode: a replicated key-value store. This is ${node}, a ${role} with ${keys} keys.`,
    whereToWrite(service),
    "",
    'PUT /kv/{key} {"value": …}   write       GET /kv/{key}   read',
    "GET /status                   this node   GET /swagger    every call, to try out",
    "",
  ].join("\n");
}

function whereToWrite(service: KvService): string {
  const { partitioned } = service;
  if (partitioned !== undefined) {
    const { controller } = partitioned.status();
    return `Write and read any key here; the cluster's page is at ${controller}.`;
  }
  const { role, leader } = service.status();
  return role === "leader" ? "Write here." : `Write at the leader: ${leader ?? "none known yet"}.`;
}
