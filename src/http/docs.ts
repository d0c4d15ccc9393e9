/**
 * `GET /swagger`: every route as OpenAPI, and a page to read and try them. The page's script comes
 * from this executable, and all that would ask or tell another host is off.
 */
import { swagger } from "@elysiajs/swagger";
import { type DocumentDecoration, Elysia } from "elysia";
import scalarPath from "../../node_modules/@scalar/api-reference/dist/browser/standalone.js" with {
  type: "file",
};
import { ERROR_SCHEMA } from "./openapi.ts";

const SCRIPT_ROUTE = "/swagger/scalar.js";
const SCRIPT_HEADERS = {
  "content-type": "text/javascript; charset=utf-8",
  "cache-control": "max-age=86400",
};

/** No fonts, assistant, telemetry, proxy or editor from elsewhere. */
const OFFLINE_PAGE = {
  spec: { url: "/swagger/json" },
  agent: { disabled: true },
  mcp: { disabled: true },
  telemetry: false,
  withDefaultFonts: false,
  hideClientButton: true,
  showDeveloperTools: "never",
  proxyUrl: "",
};

/** The browser's own lock on the page: whatever the script tries, nothing leaves this node. */
const ONLY_THIS_NODE = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "worker-src 'self' blob:",
  "form-action 'none'",
].join("; ");

interface DescribedRoute {
  readonly method: string;
  readonly path: string;
  readonly hooks: { readonly detail?: DocumentDecoration };
}

/** What stands above the routes. */
export interface DocsOptions {
  /** Of the executable. */
  readonly version: string;
  readonly description: string;
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  /** How the path of a route with a wildcard is written; default: the wildcard is `{key}`. */
  readonly templates?: Readonly<Record<string, string>>;
}

/** The page, its script, and `/swagger/json`, which describes the given routes. */
export function docs(routes: readonly DescribedRoute[], options: DocsOptions) {
  const { version, description, tags, templates = {} } = options;
  return new Elysia({ name: "docs" })
    .onBeforeHandle(({ set }) => {
      set.headers["content-security-policy"] = ONLY_THIS_NODE;
    })
    .get(SCRIPT_ROUTE, () => new Response(Bun.file(scalarPath), { headers: SCRIPT_HEADERS }), {
      detail: { hide: true },
    })
    .use(
      swagger({
        path: "/swagger",
        scalarCDN: SCRIPT_ROUTE,
        scalarConfig: OFFLINE_PAGE,
        documentation: {
          info: {
            title: "kvnode",
            version,
            description,
          },
          tags: [...tags],
          components: { schemas: { Error: ERROR_SCHEMA } },
          paths: wildcardPaths(routes, templates),
        },
      }),
    );
}

/** The plugin leaves out routes that end in a wildcard; they are described as `{key}`. */
function wildcardPaths(
  routes: readonly DescribedRoute[],
  templates: Readonly<Record<string, string>>,
) {
  const paths: Record<string, Record<string, DocumentDecoration>> = {};
  for (const { method, path, hooks } of routes) {
    if (!path.endsWith("/*") || hooks.detail === undefined) continue;
    const template = templates[path] ?? `${path.slice(0, -1)}{key}`;
    const name = method.toLowerCase();
    paths[template] ??= {};
    paths[template][name] = { operationId: `${name + path.slice(1, -2)}ByKey`, ...hooks.detail };
  }
  return paths;
}
