/** Query parameters, decoded strictly: broken escapes are refused instead of replaced. */
import { invalidRequest } from "./body.ts";

const NONE: ReadonlyMap<string, string> = new Map();

/** The decoded parameters of a URL; of a repeated one the last. Throws `invalid_request`. */
export function queryOf(url: string): ReadonlyMap<string, string> {
  const start = url.indexOf("?");
  if (start === -1 || start === url.length - 1) return NONE;
  const parameters = new Map<string, string>();
  for (const pair of url.slice(start + 1).split("&")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = equals === -1 ? pair : pair.slice(0, equals);
    const value = equals === -1 ? "" : pair.slice(equals + 1);
    parameters.set(decode(name), decode(value));
  }
  return parameters;
}

/** The parameters of a canonical call; a name that it does not know is `invalid_request`. */
export function strictQuery(url: string, allowed: readonly string[]): ReadonlyMap<string, string> {
  const parameters = queryOf(url);
  for (const name of parameters.keys()) {
    if (!allowed.includes(name)) {
      const known = allowed.length === 0 ? "this call takes none" : `known: ${allowed.join(", ")}`;
      throw invalidRequest(
        `The query parameter ${JSON.stringify(name.slice(0, 64))} is unknown; ${known}.`,
        { field: name.slice(0, 64) },
      );
    }
  }
  return parameters;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw invalidRequest("The query's percent-escapes are not UTF-8; encode it as UTF-8.");
  }
}
