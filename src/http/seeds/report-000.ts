/**
 * Report 000: `POST /set`, `GET /get/{key with slashes}`, and its fields of `/status`. Every answer
 * says `success`; an error is a sentence. `GET /get/{key}` is report 002's too: it reads `found`.
 */
import { Elysia } from "elysia";
import type { KvError } from "../../base/errors.ts";
import { formatVersion } from "../../core/version.ts";
import { errorFields, jsonOf, jsonText, quote } from "../answers.ts";
import { keyOfPath } from "../keys.ts";
import type { HttpParts } from "../parts.ts";
import type { KvService } from "../service.ts";
import type { StatusExtra } from "../status.ts";
import { answering, isQuorumFailure, readItem } from "./dialect.ts";
import { GET_DOC, SET_DOC } from "./report-000-docs.ts";

/** Most keys that the status shows. */
const STATUS_KEYS = 1000;
/** And about the most text, since a thousand values may be a gigabyte. */
const STATUS_TEXT = 4 * 1024 * 1024;

/** The calls of report 000. */
export function report000(parts: HttpParts) {
  const { service, writes } = parts;
  const node = quote(service.nodeId);

  const set = answering(parts, setError, async (request) => {
    const { key, value } = await readItem(request, parts);
    const { entry, acks } = await writes.write(key, value);
    return jsonText(
      `{"success":true,"key":${quote(key)},"value":${value},"replicas":${acks},` +
        `"version":"${formatVersion(entry)}","node":${node}}`,
    );
  });

  const get = answering(parts, getError, async (request) => {
    const key = keyOfPath(request.url, "/get/");
    const entry = await service.readLocal(key);
    if (entry?.value === undefined) {
      return jsonOf({ success: false, found: false, error: "There is no such key.", key }, 404);
    }
    return jsonText(
      `{"success":true,"found":true,"key":${quote(key)},"value":${entry.value},` +
        `"version":"${formatVersion(entry)}","node":${node}}`,
    );
  });

  return new Elysia({ name: "report-000" })
    .post("/set", set, { parse: "none", detail: SET_DOC })
    .get("/get/*", get, { detail: GET_DOC });
}

function setError(error: KvError): Response {
  const { error: code, ...rest } = errorFields(error);
  const fields = { ...rest, success: false, error: error.message, code };
  return jsonOf(fields, isQuorumFailure(error) ? 500 : error.status);
}

function getError(error: KvError): Response {
  const { error: code, ...rest } = errorFields(error);
  return jsonOf(
    { ...rest, success: false, found: false, error: error.message, code },
    error.status,
  );
}

/** What report 000's clients read in `/status`: all data, up to a bound. */
export function report000Status(service: KvService): StatusExtra {
  return {
    members({ withData }) {
      const { role, keys } = service.status();
      // The report knows two kinds of nodes.
      const type = role === "leader" ? role : "follower";
      const head = `"node_type":"${type}","data_count":${keys}`;
      if (!withData) return head;
      const data: string[] = [];
      let size = 0;
      for (const { key, value } of readableItems(service)) {
        const member = `${quote(key)}:${value}`;
        size += member.length;
        if (size > STATUS_TEXT) break;
        data.push(member);
      }
      return `${head},"data":{${data.join(",")}},"data_truncated":${data.length < keys}`;
    },
    example: {
      node_type: "leader",
      data_count: 1,
      data: { greeting: "hello" },
      data_truncated: false,
    },
  };
}

/** A node that knows nothing yet has a status all the same. */
function readableItems(service: KvService) {
  if (service.status().keys === 0) return [];
  const page = service.list({ prefix: "", after: null, limit: STATUS_KEYS });
  // Only a worker asks others for its list, and its status is another one.
  return page instanceof Promise ? [] : page.items;
}
