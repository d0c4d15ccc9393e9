/** The page in the browser: its document at `/`, its parts below `/ui/`, all from this process. */
import { Elysia } from "elysia";
import icon from "../ui/icon.svg" with { type: "text" };
import base from "../ui/styles/base.css" with { type: "text" };
import forms from "../ui/styles/forms.css" with { type: "text" };
import frame from "../ui/styles/frame.css" with { type: "text" };
import lab from "../ui/styles/lab.css" with { type: "text" };
import map from "../ui/styles/map.css" with { type: "text" };
import phone from "../ui/styles/phone.css" with { type: "text" };
import tables from "../ui/styles/tables.css" with { type: "text" };
import { type PageKind, pageDocument } from "./page-document.ts";
import { bundlePageScript } from "./page-script.ts" with { type: "macro" };

/** The browser's own lock on the page: nothing comes from or goes to anybody but this node. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const SHARED_HEADERS = {
  // Asked for again each time, since the next executable at this address brings another page.
  "cache-control": "no-cache",
  "x-content-type-options": "nosniff",
};

const PAGE_HEADERS = {
  ...SHARED_HEADERS,
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": POLICY,
  "referrer-policy": "no-referrer",
  vary: "accept",
};

/** In the order in which they may overrule one another. */
const STYLES = [base, forms, frame, tables, map, lab, phone].join("\n");

const PARTS = {
  "/ui/page.js": { text: bundlePageScript(), type: "text/javascript; charset=utf-8" },
  "/ui/page.css": { text: STYLES, type: "text/css; charset=utf-8" },
  "/ui/icon.svg": { text: icon, type: "image/svg+xml" },
} as const;

/** The parts of the page. */
export function ui() {
  const hidden = { detail: { hide: true } } as const;
  return new Elysia({ name: "ui" })
    .get("/ui/page.js", ({ request }) => part(request, "/ui/page.js"), hidden)
    .get("/ui/page.css", ({ request }) => part(request, "/ui/page.css"), hidden)
    .get("/ui/icon.svg", ({ request }) => part(request, "/ui/icon.svg"), hidden);
}

/** The page where the client prefers one to a text, as browsers do and curl does not. */
export function pageFor(request: Request, kind: PageKind): Response | undefined {
  if (!wantsPage(request.headers.get("accept") ?? "")) return undefined;
  return new Response(pageDocument(kind), { headers: PAGE_HEADERS });
}

function part(request: Request, path: keyof typeof PARTS): Response {
  const { text, type } = PARTS[path];
  const etag = `"${Bun.hash(text).toString(16)}"`;
  if (request.headers.get("if-none-match") === etag) {
    return new Response(null, { status: 304, headers: { ...SHARED_HEADERS, etag } });
  }
  return new Response(text, { headers: { ...SHARED_HEADERS, "content-type": type, etag } });
}

/** Whether `text/html` is named and not refused (RFC 9110, "Accept"); `*` alone is anybody. */
function wantsPage(accept: string): boolean {
  return accept.split(",").some((range) => {
    const [type = "", ...parameters] = range.split(";").map((each) => each.trim().toLowerCase());
    return type === "text/html" && !parameters.some((each) => /^q=0(\.0*)?$/.test(each));
  });
}
