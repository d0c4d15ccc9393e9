/**
 * Report 002: `PUT` or `POST /put/{key}`, `POST /admin/set_quorum`, `GET /admin/store`; its
 * `GET /get/{key}` stands in report-000.ts.
 */
import { Elysia } from "elysia";
import type { KvError } from "../../base/errors.ts";
import { formatVersion } from "../../core/version.ts";
import { errorFields, jsonOf, jsonText, quote } from "../answers.ts";
import { invalidRequest, parseFields, readBody } from "../body.ts";
import { readQuorum } from "../config.ts";
import { keyOfPath } from "../keys.ts";
import type { HttpParts } from "../parts.ts";
import type { KvService } from "../service.ts";
import { streamMembers } from "../stream.ts";
import { acksOf, answering, isQuorumFailure, valueField } from "./dialect.ts";
import { PUT_DOC, QUORUM_DOC, STORE_DOC } from "./report-002-docs.ts";

/** The calls of report 002. */
export function report002(parts: HttpParts) {
  const { service, writes } = parts;

  const put = answering(parts, putError, async (request) => {
    const key = keyOfPath(request.url, "/put/");
    const fields = parseFields(await readBody(request, parts));
    const { entry, acks } = await writes.write(key, valueField(fields, parts));
    return jsonText(
      `{"status":"ok","replicas_confirmed":${acks},"key":${quote(key)},` +
        `"version":"${formatVersion(entry)}"}`,
    );
  });

  const setQuorum = answering(parts, adminError, async (request) => {
    const fields = parseFields(await readBody(request, parts));
    const text = fields.get("quorum");
    if (text === undefined) {
      throw invalidRequest('The field "quorum" is missing in the body.', { field: "quorum" });
    }
    const quorum = readQuorum(text, "quorum");
    const { writeQuorum } = await service.configure({ writeQuorum: quorum });
    return jsonOf({ status: "ok", quorum: writeQuorum });
  });

  const store = answering(parts, adminError, () =>
    streamMembers('{"store":{', storeMembers(service), "}}"),
  );

  return new Elysia({ name: "report-002" })
    .put("/put/*", put, { parse: "none", detail: PUT_DOC })
    .post("/put/*", put, { parse: "none", detail: PUT_DOC })
    .post("/admin/set_quorum", setQuorum, { parse: "none", detail: QUORUM_DOC })
    .get("/admin/store", store, { detail: STORE_DOC });
}

function* storeMembers(service: KvService): Iterable<string> {
  for (const { key, value } of service.entries()) yield `${quote(key)}:${value}`;
}

function putError(error: KvError): Response {
  const fields = errorFields(error);
  if (error.code === "not_leader") {
    return jsonOf({ ...fields, error: "not leader", code: error.code }, error.status);
  }
  const status = isQuorumFailure(error) ? 500 : error.status;
  const reason = isQuorumFailure(error) ? "quorum not reached" : error.message;
  return jsonOf({ ...fields, status: "error", replicas_confirmed: acksOf(error), reason }, status);
}

function adminError(error: KvError): Response {
  return jsonOf({ ...errorFields(error), status: "error", reason: error.message }, error.status);
}
