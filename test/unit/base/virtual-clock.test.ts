/** The tests' own clock: other tests rest on its order. */
import { describe, expect, test } from "bun:test";
import { VirtualClock } from "../../support/virtual-clock.ts";

describe("a virtual clock", () => {
  test("runs what is due in order of time, then of insertion, and stands still", async () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    const note = (name: string) => () => ran.push(`${name} at ${clock.nowMs()}`);
    clock.after(2, note("later"));
    clock.after(1, note("first"));
    clock.at(1, note("second"));
    clock.endOfTurn(note("turn"));
    clock.endOfTurn(() => clock.endOfTurn(note("next turn")));
    expect(ran).toEqual([]);
    await clock.advance(1.5);
    expect(ran).toEqual(["turn at 0", "next turn at 0", "first at 1", "second at 1"]);
    expect(clock.nowMs()).toBe(1.5);
    await clock.runUntilIdle();
    expect(ran.at(-1)).toBe("later at 2");
  });

  test("lets every promise go on before the next thing that is due", async () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    clock.after(1, () => {
      void (async () => {
        for (let step = 0; step < 20; step++) {
          await Promise.resolve();
        }
        ran.push("chain");
      })();
    });
    clock.after(1, () => ran.push("next"));
    await clock.advance(1);
    expect(ran).toEqual(["chain", "next"]);
  });

  test("repeats, and cancels, and repeating keeps nobody from being idle", async () => {
    const clock = new VirtualClock();
    const atMs: number[] = [];
    const stop = clock.every(10, () => atMs.push(clock.nowMs()));
    clock.after(35, () => atMs.push(-1))();
    await clock.runUntilIdle();
    expect(atMs).toEqual([]);
    await clock.advance(35);
    expect(atMs).toEqual([10, 20, 30]);
    stop();
    await clock.advance(100);
    expect(atMs.length).toBe(3);
  });

  test("fails rather than run for ever", async () => {
    const clock = new VirtualClock();
    clock.after(1_000, () => {});
    await expect(clock.runUntilIdle(10)).rejects.toThrow("still not idle");
  });
});
