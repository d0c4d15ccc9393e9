/** What happens to every request and answer, whatever its route. */
import type { RequestCounter } from "./requests-metrics.ts";

/** Answers requests. */
export type Fetch = (request: Request) => Response | Promise<Response>;

/** First segments that are counted by name; all else is `other`, or strangers could fill memory. */
const COUNTED_SEGMENTS = [
  ...["kv", "status", "config", "digest", "dump", "health", "ready", "metrics", "swagger"],
  ...["set", "get", "write", "read", "put", "admin", "ping", "replicate"],
  ...["keys", "pull", "map", "workers", "heartbeat", "events", "via"],
];
const ROUTE_CLASSES: ReadonlyMap<string, string> = new Map([
  ["", "/"],
  ...COUNTED_SEGMENTS.map((segment) => [segment, `/${segment}`] as const),
]);

/** Counts answers by route class and status. */
export function countRequests(metrics: RequestCounter, handle: Fetch): Fetch {
  return (request) => {
    const answer = handle(request);
    const route = routeClass(request.url);
    if (answer instanceof Response) {
      metrics.requestAnswered(route, answer.status);
      return answer;
    }
    return answer.then((response) => {
      metrics.requestAnswered(route, response.status);
      return response;
    });
  };
}

function routeClass(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3) + 1;
  let end = start;
  while (end < url.length) {
    const code = url.charCodeAt(end);
    if (code === 0x2f || code === 0x3f) break;
    end++;
  }
  return ROUTE_CLASSES.get(url.slice(start, end)) ?? "other";
}
