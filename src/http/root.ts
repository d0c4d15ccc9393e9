/** `GET /`: what answers here, for a person who opens the address in a browser or with curl. */
import { Elysia } from "elysia";
import { describeRoute } from "./openapi.ts";
import type { HttpParts } from "./parts.ts";

/** A few lines of text with the next things to try. */
export function root({ service }: HttpParts) {
  return new Elysia({ name: "root" }).get(
    "/",
    () => {
      const { node, role, leader, keys } = service.status();
      const text = [
        `kvnode: a replicated key-value store. This is ${node}, a ${role} with ${keys} keys.`,
        role === "leader" ? "Write here." : `Write at the leader: ${leader ?? "none known yet"}.`,
        "",
        'PUT /kv/{key} {"value": …}   write       GET /kv/{key}   read',
        "GET /status                   this node   GET /swagger    every call, to try out",
        "",
      ].join("\n");
      return new Response(text, { headers: { "content-type": "text/plain; charset=utf-8" } });
    },
    {
      detail: describeRoute({
        tag: "operation",
        summary: "What this is",
        answers: {
          200: {
            description: "A few lines of text.",
            contentType: "text/plain",
            schema: { type: "string" },
          },
        },
      }),
    },
  );
}
