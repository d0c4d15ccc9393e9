/** Answers to requests, counted in plain numbers and handed to the registry when somebody asks. */
import { Counter, type Registry } from "prom-client";

/** Counts the answers to requests. */
export interface RequestCounter {
  /** A request of a route class (`/kv`, `/get`, …) was answered. */
  requestAnswered(route: string, status: number): void;
}

/** The metric of requests; `set` hands over what was counted. */
export function defineRequests(registry: Registry): RequestCounter & { set(): void } {
  const counted = new Map<string, Map<number, number>>();
  const requests = new Counter({
    name: "kvnode_http_requests_total",
    help: "HTTP requests answered, by the first segment of a known route, and status.",
    labelNames: ["route", "status"],
    registers: [registry],
  });
  return {
    requestAnswered(route, status) {
      let statuses = counted.get(route);
      if (statuses === undefined) {
        statuses = new Map();
        counted.set(route, statuses);
      }
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    },
    set() {
      requests.reset();
      for (const [route, statuses] of counted) {
        for (const [code, count] of statuses) requests.inc({ route, status: code }, count);
      }
    },
  };
}
