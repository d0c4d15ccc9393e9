/** A fault inside the node, which only a service made for the purpose can show. */
import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { type LogFields, silentLogger } from "../../src/base/log.ts";
import { createApp } from "../../src/http/app.ts";
import type { KvService } from "../../src/http/service.ts";

const SECRET = "a detail that is nobody's business";

describe("a fault that nobody expected", () => {
  for (const path of ["/digest", "/admin/store", "/get/a"]) {
    test(`at ${path} is 500 internal; the log has its stack, the client has not`, async () => {
      const logged: LogFields[] = [];
      const fail = (): never => {
        throw new Error(SECRET);
      };
      const service = { nodeId: "faulty", digest: fail, entries: fail, readLocal: fail };
      const app = createApp({
        service: service as unknown as KvService,
        logger: { ...silentLogger, error: (_event, fields = {}) => logged.push(fields) },
        maxValueBytes: 1024,
        pendingBytes: 1024,
        forwardTimeoutMs: 100,
        version: "0.0.0",
      });
      const answer = await app.fetch(new Request(`http://node${path}`));
      expect(answer.status).toBe(500);
      const text = await answer.text();
      expect([JSON.parse(text).error, JSON.parse(text).code]).toContain("internal");
      expect(text).not.toContain(SECRET);
      expect(logged).toHaveLength(1);
      expect(logged[0]?.stack).toContain(SECRET);
    });
  }
});

describe("a broken invariant", () => {
  test("is an uncaught exception, and no answer alone", async () => {
    const program = `
      import { silentLogger } from "./src/base/log.ts";
      import { invariant } from "./src/base/invariant.ts";
      import { createApp } from "./src/http/app.ts";
      const service = { nodeId: "broken", digest: () => invariant(false, "one is one") };
      const app = createApp({
        service, logger: silentLogger, version: "0",
        maxValueBytes: 1, pendingBytes: 1, forwardTimeoutMs: 1,
      });
      process.on("uncaughtException", (error) => {
        console.error(error.message);
        process.exit(70);
      });
      await app.fetch(new Request("http://node/digest"));
      await Bun.sleep(2000);
      process.exit(0);
    `;
    const child = Bun.spawn([process.execPath, "-e", program], {
      cwd: resolve(import.meta.dir, "../.."),
      stdout: "ignore",
      stderr: "pipe",
    });
    expect(await child.exited).toBe(70);
    expect(await new Response(child.stderr).text()).toContain("broken invariant: one is one");
  });
});
