/** `GET /map`: who keeps a key, or every partition. */
import { Elysia } from "elysia";
import { jsonOf } from "../answers.ts";
import { checkKey } from "../keys.ts";
import { describeRoute } from "../openapi.ts";
import { strictQuery } from "../query.ts";
import type { ControllerParts } from "./parts.ts";
import type { PartitionView } from "./service.ts";

/** With `?key=` one partition, else all. */
export function map({ service }: ControllerParts) {
  return new Elysia({ name: "controller-map" }).get(
    "/map",
    ({ request }) => {
      const key = strictQuery(request.url, ["key"]).get("key");
      if (key !== undefined) {
        return jsonOf({ key: checkKey(key), ...placeOf(service.partitionOf(key)) });
      }
      const mapVersion = service.mapVersion();
      return jsonOf({ mapVersion, partitions: service.partitions().map(placeOf) });
    },
    { detail: DOC },
  );
}

/** Where a partition's copies are, as URLs; `replicas` without the primary. */
function placeOf({ partition, generation, primary, members, state }: PartitionView) {
  const counted = members.filter(({ role }) => role === "primary" || role === "replica");
  return {
    partition,
    epoch: generation,
    primary: counted.find(({ id }) => id === primary)?.address ?? null,
    replicas: counted.filter(({ id }) => id !== primary).map(({ address }) => address),
    members: members.map(({ id, address, role, state: memberState }) => {
      return { id, address, role, state: memberState };
    }),
    state,
  };
}

const MEMBER = (number: number, role: string) => ({
  id: `w${number}`,
  address: `http://worker${number}:800${number}`,
  role,
  state: "synced",
});

const DOC = describeRoute({
  tag: "cluster",
  summary: "Who keeps a key, or everything",
  description:
    "The primary and the replicas of a key's partition. Without `key` the answer has " +
    "`mapVersion` and all `partitions`, each with the same fields; `primary` is null before the " +
    "first placement.",
  parameters: [
    { name: "key", in: "query", description: "1 to 1,024 bytes of UTF-8.", example: "demo-key" },
  ],
  answers: {
    200: {
      description: "Where its copies are.",
      schema: {
        type: "object",
        properties: {
          key: { type: "string" },
          partition: { type: "integer" },
          epoch: { type: "integer", description: "Rises with each change of primary or members." },
          primary: { type: "string", nullable: true },
          replicas: { type: "array", items: { type: "string" } },
          members: { type: "array", items: { type: "object" } },
          state: { type: "string" },
          mapVersion: { type: "integer" },
          partitions: { type: "array", items: { type: "object" } },
        },
      },
      example: {
        key: "demo-key",
        partition: 17,
        epoch: 3,
        primary: "http://worker1:8001",
        replicas: ["http://worker2:8002", "http://worker3:8003"],
        members: [MEMBER(1, "primary"), MEMBER(2, "replica"), MEMBER(3, "replica")],
        state: "ok",
      },
    },
  },
  errors: ["invalid_request", "recovering"],
});
