/** `PUT`, `GET` and `DELETE /kv/{key}`: the canonical calls on one key, and the hot path. */
import { Elysia } from "elysia";
import { KvError } from "../base/errors.ts";
import { formatVersion } from "../core/version.ts";
import { jsonText, quote, taggedText } from "./answers.ts";
import { atOnce } from "./at-once.ts";
import { invalidRequest, readBody, valueOfBody } from "./body.ts";
import { readAtLeader } from "./forward.ts";
import { partsFor } from "./forwarded.ts";
import { keyOfPath } from "./keys.ts";
import { DELETE_DOC, GET_DOC, PUT_DOC } from "./kv-docs.ts";
import type { HttpParts } from "./parts.ts";
import { strictQuery } from "./query.ts";
import type { FoundEntry, ReadLevel } from "./service.ts";

const PREFIX = "/kv/";
const WRITE_PARAMETERS = ["key"];
const READ_PARAMETERS = ["key", "level"];

/** The calls on one key. */
export function kv(parts: HttpParts) {
  const { service, maxValueBytes, logger } = parts;
  const ownNode = quote(service.nodeId);
  const levelByDefault = service.partitioned === undefined ? "local" : "linearizable";

  async function put(request: Request): Promise<Response> {
    const { url } = request;
    if (url.includes("?")) strictQuery(url, WRITE_PARAMETERS);
    const key = keyOfPath(url, PREFIX);
    const value = valueOfBody(await readBody(request, parts), maxValueBytes);
    const { writes } = partsFor(request, parts);
    const { entry, acks, required, node } = await writes.write(key, value);
    return jsonText(
      `{"key":${quote(key)},"version":"${formatVersion(entry)}","acks":${acks},` +
        `"required":${required},"node":${nameOf(node)}}`,
    );
  }

  async function remove(request: Request): Promise<Response> {
    const { url } = request;
    if (url.includes("?")) strictQuery(url, WRITE_PARAMETERS);
    const key = keyOfPath(url, PREFIX);
    const { writes } = partsFor(request, parts);
    const { entry, existed, acks, required, node } = await writes.remove(key);
    const version = entry === undefined ? "null" : `"${formatVersion(entry)}"`;
    return jsonText(
      `{"key":${quote(key)},"version":${version},"existed":${existed},"acks":${acks},` +
        `"required":${required},"node":${nameOf(node)}}`,
    );
  }

  function get(request: Request): Response | Promise<Response> {
    const { url } = request;
    const key = keyOfPath(url, PREFIX);
    const level = url.includes("?") ? levelOf(url, levelByDefault) : levelByDefault;
    if (level === "linearizable") return getLinearizable(request, key);
    const found = partsFor(request, parts).service.readLocal(key);
    if (found instanceof Promise) {
      return found.then((entry) => answerRead(request, key, entry, nameOf(entry?.node)));
    }
    return answerRead(request, key, found, ownNode);
  }

  async function getLinearizable(request: Request, key: string): Promise<Response> {
    let entry: FoundEntry | undefined;
    try {
      entry = await partsFor(request, parts).service.readLinearizable(key);
    } catch (error) {
      if (!(error instanceof KvError) || error.code !== "not_leader") throw error;
      return readAtLeader(parts, request, key);
    }
    return answerRead(request, key, entry, nameOf(entry?.node));
  }

  /** As JSON text; another node's where that one has answered. */
  function nameOf(node: string | undefined): string {
    return node === undefined ? ownNode : quote(node);
  }

  const hidden = { parse: "none", detail: { hide: true } } as const;
  return (
    new Elysia({ name: "kv" })
      .put("/kv/*", ({ request }) => put(request), { parse: "none", detail: PUT_DOC })
      .get("/kv/*", atOnce(logger, get), { detail: GET_DOC })
      .delete("/kv/*", ({ request }) => remove(request), { parse: "none", detail: DELETE_DOC })
      .put("/kv", failWithoutKey, hidden)
      .delete("/kv", failWithoutKey, hidden)
      // An empty key in the path: `?key=` may name one, else it is an empty key. The wildcard does
      // not take these, since the routes without a slash at their end do.
      .put("/kv/", ({ request }) => put(request), hidden)
      .get("/kv/", atOnce(logger, get), hidden)
      .delete("/kv/", ({ request }) => remove(request), hidden)
  );
}

function levelOf(url: string, byDefault: ReadLevel): ReadLevel {
  const level = strictQuery(url, READ_PARAMETERS).get("level") ?? byDefault;
  if (level === "local" || level === "linearizable") return level;
  throw invalidRequest("The level is unknown; use local or linearizable.", { field: "level" });
}

function answerRead(
  request: Request,
  key: string,
  entry: FoundEntry | undefined,
  node: string,
): Response {
  if (entry === undefined) throw notFound(key, undefined);
  const version = formatVersion(entry);
  if (entry.value === undefined) throw notFound(key, version);
  const known = request.headers.get("if-none-match");
  if (known !== null && matches(known, version)) {
    return new Response(null, { status: 304, headers: { etag: `"${version}"` } });
  }
  return taggedText(
    `{"key":${quote(key)},"value":${entry.value},"version":"${version}","node":${node}}`,
    version,
  );
}

/** Whether an If-None-Match header names this version (a weak tag counts, as RFC 9110 says). */
function matches(header: string, version: string): boolean {
  const tag = `"${version}"`;
  return header.split(",").some((each) => {
    const candidate = each.trim();
    return candidate === "*" || candidate === tag || candidate === `W/${tag}`;
  });
}

function notFound(key: string, version: string | undefined): KvError {
  return new KvError({
    code: "not_found",
    message: "There is no such key.",
    details: { key, ...(version === undefined ? {} : { version }) },
  });
}

function failWithoutKey(): never {
  throw invalidRequest("The key is missing; name it in the path: /kv/{key}.", { field: "key" });
}
