/** The runtime's own clock: what its users rely on beside the time itself. */
import { describe, expect, test } from "bun:test";
import { systemClock } from "../../../src/base/clock.ts";
import { waitUntil } from "../../support/wait-until.ts";

describe("a call at a time", () => {
  test("never comes from within the call that asks for it", async () => {
    let ran = false;
    systemClock.at(systemClock.nowMs() - 1, () => {
      ran = true;
    });
    expect(ran).toBe(false);
    await waitUntil(() => ran, { what: "the call", intervalMs: 1 });
  });

  test.each([0, 0.2, 5])(
    "of %p ms from now does not come once it is cancelled",
    async (delayMs) => {
      let ran = false;
      const cancel = systemClock.at(systemClock.nowMs() + delayMs, () => {
        ran = true;
      });
      cancel();
      cancel();
      const atMs = systemClock.nowMs() + delayMs + 2;
      await waitUntil(() => systemClock.nowMs() > atMs, { what: "its time", intervalMs: 1 });
      expect(ran).toBe(false);
    },
  );

  test("that is cancelled does not keep the process alive", async () => {
    const source = new URL("../../../src/base/clock.ts", import.meta.url).pathname;
    const script = `
      import { systemClock } from ${JSON.stringify(source)};
      const deadlineMs = systemClock.nowMs() + 60_000;
      for (const start of ["at", "after"]) systemClock[start](deadlineMs, () => {})();
      systemClock.every(1_000, () => {})();
    `;
    const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "pipe" });
    const timer = setTimeout(() => child.kill("SIGKILL"), 4_000);
    expect(await child.exited).toBe(0);
    clearTimeout(timer);
  });
});
