/**
 * Report 004's calls at a worker beside the canonical ones: `GET /keys`, `POST /replicate/{key}`
 * and `POST /pull`. The last two were its workers' own ways; here they are for hand-made use, and
 * what they bring is below everything that the cluster itself has written.
 */
import { Elysia } from "elysia";
import type { KvError } from "../../base/errors.ts";
import { errorFields, jsonOf, quote } from "../answers.ts";
import { invalidRequest, parseFields, readBody } from "../body.ts";
import { checkKey, keyOfPath } from "../keys.ts";
import type { HttpParts } from "../parts.ts";
import type { PartitionedService } from "../service.ts";
import { streamMembers } from "../stream.ts";
import { answering, readVersion, valueField } from "./dialect.ts";
import { KEYS_DOC, PULL_DOC, REPLICATE_KEY_DOC } from "./report-004-docs.ts";

/** More keys than this nobody types. */
const PULLED_KEYS_MAX = 10_000;

/** The calls of report 004 at a worker. */
export function report004(parts: HttpParts, partitioned: PartitionedService) {
  const { service } = parts;

  const keys = answering(parts, toError, () =>
    streamMembers('{"keys":[', quoted(partitioned.keys()), "]}"),
  );

  const replicate = answering(parts, toError, async (request) => {
    const key = keyOfPath(request.url, "/replicate/");
    const fields = parseFields(await readBody(request, parts));
    const value = valueField(fields, parts);
    const version = readVersion(fields.get("version"));
    await service.replicateByHand({ key, value, ...(version === undefined ? {} : { version }) });
    return jsonOf({ success: true, key, status: "replicated" });
  });

  const pull = answering(parts, toError, async (request) => {
    const fields = parseFields(await readBody(request, parts));
    const source = readSource(fields.get("source"));
    const pulled = await partitioned.pull({ source, keys: readKeys(fields.get("keys")) });
    return jsonOf({ pulled, success: true, status: "ok" });
  });

  return new Elysia({ name: "report-004" })
    .get("/keys", keys, { detail: KEYS_DOC })
    .post("/replicate/*", replicate, { parse: "none", detail: REPLICATE_KEY_DOC })
    .post("/pull", pull, { parse: "none", detail: PULL_DOC });
}

function* quoted(keys: Iterable<string>): Iterable<string> {
  for (const key of keys) yield quote(key);
}

function readSource(text: string | undefined): string {
  const source: unknown = text === undefined ? undefined : JSON.parse(text);
  if (typeof source === "string" && source !== "") return source;
  throw invalidRequest('The field "source" must be the URL or the id of another worker.', {
    field: "source",
  });
}

function readKeys(text: string | undefined): string[] | undefined {
  const keys: unknown = text === undefined ? null : JSON.parse(text);
  if (keys === null) return undefined;
  const isList = Array.isArray(keys) && keys.every((key) => typeof key === "string");
  if (isList && keys.length <= PULLED_KEYS_MAX) return keys.map(checkKey);
  throw invalidRequest(
    `The field "keys" must be a list of at most ${PULLED_KEYS_MAX} keys; leave it out for all.`,
    { field: "keys" },
  );
}

/** `detail` is where the report's framework puts its sentence. */
function toError(error: KvError): Response {
  const fields = { ...errorFields(error), success: false, status: "error", detail: error.message };
  return jsonOf(fields, error.status);
}
