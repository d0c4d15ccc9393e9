/**
 * What every app is made of, whatever it answers: its features, each a named Elysia instance, and
 * what all of them share: errors as JSON, the count of requests, and the page that describes them.
 */
import { type AnyElysia, Elysia } from "elysia";
import type { KvError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { errorAnswer, toKvError } from "./answers.ts";
import { type DocsOptions, docs } from "./docs.ts";
import { refuseForeignPages } from "./foreign-pages.ts";
import { createNoRoute } from "./not-found.ts";
import { countRequests, type Fetch } from "./requests.ts";
import type { RequestCounter } from "./requests-metrics.ts";

export interface ComposeOptions {
  readonly features: readonly AnyElysia[];
  readonly requests: RequestCounter;
  readonly logger: Logger;
  readonly docs: DocsOptions;
}

export interface App {
  readonly fetch: Fetch;
  readonly routes: readonly { readonly method: string; readonly path: string }[];
}

/** Composes the app; it does not listen. */
export function composeApp({ features, requests, logger, docs: about }: ComposeOptions): App {
  let noRoute: (path: string, method: string) => KvError;
  const app = new Elysia({
    name: "kvnode",
    strictPath: true,
    handler: { standardHostname: false },
  }).onError(({ code, error, request, path }) => {
    if (code === "NOT_FOUND") return errorAnswer(noRoute(path, request.method));
    return errorAnswer(toKvError(error, logger, request));
  });
  for (const feature of features) app.use(feature);
  app.use(docs(app.routes, about));
  noRoute = createNoRoute(app.routes);
  // Around it and not as its own wrappers, which it would make anew for each request.
  return {
    fetch: countRequests(requests, refuseForeignPages(app.fetch)),
    routes: app.routes,
  };
}
