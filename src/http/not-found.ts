/** What stands for a request that no route takes: 404, or 405 where another method would do. */
import { KvError } from "../base/errors.ts";

interface Route {
  readonly method: string;
  readonly path: string;
}

/** Makes the error for a path and method that no route takes. */
export function createNoRoute(routes: readonly Route[]) {
  return (path: string, method: string): KvError => {
    const allowed = new Set<string>();
    for (const route of routes) {
      if (!fits(route.path, path)) continue;
      allowed.add(route.method);
      if (route.method === "GET") allowed.add("HEAD");
    }
    if (allowed.size === 0) {
      return new KvError({
        code: "not_found",
        message: "There is no such route; /swagger lists what there is.",
      });
    }
    const allow = [...allowed].sort();
    return new KvError({
      code: "method_not_allowed",
      message: `${method} is not allowed here; allowed: ${allow.join(", ")}.`,
      outcome: "refused",
      details: { allow },
    });
  };
}

function fits(pattern: string, path: string): boolean {
  if (pattern.endsWith("*")) return path.startsWith(pattern.slice(0, -1));
  return path === pattern;
}
