/** `GET /kv?prefix=&after=&limit=`: live keys in order, a page at a time. */
import { Elysia } from "elysia";
import { formatVersion } from "../core/version.ts";
import { jsonText, quote } from "./answers.ts";
import { invalidRequest } from "./body.ts";
import { partsFor } from "./forwarded.ts";
import { LIST_DOC } from "./kv-docs.ts";
import type { HttpParts } from "./parts.ts";
import { strictQuery } from "./query.ts";
import type { KvService, ListPage } from "./service.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/** A page ends early behind this much text: a thousand of the largest values are a gigabyte. */
const PAGE_TEXT_BUDGET = 8 * 1024 * 1024;

/** The ordered list. */
export function list(parts: HttpParts) {
  return new Elysia({ name: "list" }).get(
    "/kv",
    ({ request }) => {
      const page = readPage(partsFor(request, parts).service, request.url);
      return page instanceof Promise ? page.then(answerPage) : answerPage(page);
    },
    {
      detail: LIST_DOC,
    },
  );
}

function readPage(service: KvService, url: string): ListPage | Promise<ListPage> {
  const parameters = strictQuery(url, ["prefix", "after", "limit"]);
  return service.list({
    prefix: parameters.get("prefix") ?? "",
    after: parameters.get("after") ?? null,
    limit: readLimit(parameters.get("limit")),
  });
}

function answerPage(page: ListPage): Response {
  const items: string[] = [];
  let size = 0;
  let next = page.next;
  for (const entry of page.items) {
    const item =
      `{"key":${quote(entry.key)},"value":${entry.value},` + `"version":"${formatVersion(entry)}"}`;
    items.push(item);
    size += item.length;
    if (size > PAGE_TEXT_BUDGET && items.length < page.items.length) {
      next = entry.key;
      break;
    }
  }
  const whose = page.partitions && `,"partitions":${JSON.stringify(page.partitions)}`;
  const goesOn = next === null ? "null" : quote(next);
  return jsonText(`{"items":[${items.join(",")}],"next":${goesOn}${whose ?? ""}}`);
}

function readLimit(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT) {
    throw invalidRequest(`The limit must be a whole number from 1 to ${MAX_LIMIT}.`, {
      field: "limit",
    });
  }
  return limit;
}
