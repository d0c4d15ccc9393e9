/** Keys as they come in paths, queries and bodies. */
import { invalidRequest } from "./body.ts";
import { queryOf } from "./query.ts";

/** Longest key, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;

/** Gives the key back if it is 1–1,024 bytes of well-formed UTF-8; else `invalid_request`. */
export function checkKey(key: string): string {
  if (key === "") {
    throw invalidRequest("The key is empty; a key has 1 to 1,024 bytes.", { field: "key" });
  }
  const mayBeTooLong = key.length * 3 > MAX_KEY_BYTES;
  if (mayBeTooLong && Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw invalidRequest(
      `The key is longer than ${MAX_KEY_BYTES} bytes of UTF-8; choose a shorter one.`,
      { field: "key" },
    );
  }
  if (!key.isWellFormed()) {
    throw invalidRequest("The key is not well-formed Unicode; send UTF-8.", { field: "key" });
  }
  return key;
}

/**
 * The key that stands in a request's path behind `prefix` (such as `/kv/`). It is read from the raw
 * path, since routers turn a broken escape into something else; a key of exactly `.` or `..` can't
 * stand in a path at all, so behind an empty one `?key=` names it.
 */
export function keyOfPath(url: string, prefix: string): string {
  const pathStart = url.indexOf("/", url.indexOf("://") + 3);
  const queryStart = url.indexOf("?", pathStart);
  const keyStart = pathStart + prefix.length;
  const raw = queryStart === -1 ? url.slice(keyStart) : url.slice(keyStart, queryStart);
  if (raw === "") return checkKey(queryOf(url).get("key") ?? "");
  if (queryStart !== -1 && queryOf(url).has("key")) {
    throw invalidRequest("The key stands both in the path and in the query; name it once.", {
      field: "key",
    });
  }
  return checkKey(raw.includes("%") ? decodeKey(raw) : raw);
}

function decodeKey(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    throw invalidRequest("The key's percent-escapes are not UTF-8; encode it as UTF-8.", {
      field: "key",
    });
  }
}

/** The path and query that name a key in any call under `prefix`, also `.` and `..`. */
export function pathOfKey(prefix: string, key: string): string {
  const isDotSegment = key === "." || key === "..";
  return isDotSegment ? `${prefix}?key=${key}` : prefix + encodeURIComponent(key);
}
