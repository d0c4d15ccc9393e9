/** `GET /`: a page for browsers, a few lines for everybody else, and nothing from elsewhere. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { call } from "../support/call.ts";
import { type HttpGroup, startHttpGroup } from "../support/http-group.ts";

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

let group: HttpGroup;
let url: string;

beforeAll(async () => {
  group = await startHttpGroup({ followers: 1, writeQuorum: 1 });
  url = group.leader.url;
});
afterAll(() => group.stop());

describe("what stands at /", () => {
  test.each([["*/*"], ["text/plain"], ["application/json"], ["text/html;q=0, */*"], [""]])(
    "is a text for who accepts %p",
    async (accept) => {
      const { headers, text } = await call("GET", `${url}/`, undefined, { accept });
      expect(headers.get("content-type")).toStartWith("text/plain");
      expect(headers.get("vary")).toBe("accept");
      expect(text).toStartWith("kvnode: a replicated key-value store. This is leader, a leader");
    },
  );

  test.each([[BROWSER], ["TEXT/HTML"], ["text/plain, text/html;q=0.5"]])(
    "is a page for who accepts %p",
    async (accept) => {
      for (const node of group.nodes) {
        const { status, headers, text } = await call("GET", `${node.url}/`, undefined, { accept });
        expect(status).toBe(200);
        expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
        expect(headers.get("vary")).toBe("accept");
        expect(text).toStartWith("<!doctype html>");
      }
    },
  );
});

describe("the page", () => {
  test("asks this node alone for its parts, and they are all there", async () => {
    const { text } = await call("GET", `${url}/`, undefined, { accept: BROWSER });
    const named = [...text.matchAll(/\b(?:src|href)="([^"]*)"/g)].map((match) => match[1] ?? "");
    expect(named.toSorted()).toEqual(["/ui/icon.svg", "/ui/page.css", "/ui/page.js"]);
    expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=/);
    for (const path of named) {
      const part = await call("GET", url + path);
      expect([path, part.status]).toEqual([path, 200]);
      expect(part.headers.get("x-content-type-options")).toBe("nosniff");
      expect(part.text.length).toBeGreaterThan(100);
      const withoutNames = part.text.replaceAll("http://www.w3.org/2000/svg", "");
      expect(withoutNames.match(/https?:\/\/\w[^\s"'`)]*/g)).toBeNull();
    }
  });

  test("may load and ask nothing else, whatever its script tries", async () => {
    const { headers } = await call("GET", `${url}/`, undefined, { accept: BROWSER });
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toStartWith("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  test("is asked for again each time, and sent again only where it has changed", async () => {
    const first = await call("GET", `${url}/ui/page.js`);
    expect(first.headers.get("cache-control")).toBe("no-cache");
    const etag = first.headers.get("etag") ?? "";
    const again = await call("GET", `${url}/ui/page.js`, undefined, { "if-none-match": etag });
    expect({ status: again.status, text: again.text }).toEqual({ status: 304, text: "" });
    const other = await call("GET", `${url}/ui/page.js`, undefined, { "if-none-match": '"x"' });
    expect(other.status).toBe(200);
  });
});
