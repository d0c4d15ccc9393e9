/** When garbage is collected: after so many bytes, at the end of a turn, and not all the time. */
import { describe, expect, test } from "bun:test";
import { YoungGarbage } from "../../../src/base/young-garbage.ts";

const BYTES = 6_000_000;

/** A clock that is moved by hand, and a collection that takes `costMs`. */
function createCollector(costMs: number) {
  const turns: (() => void)[] = [];
  const state = { nowMs: 0, collections: 0 };
  const clock = {
    nowMs: () => state.nowMs,
    endOfTurn: (run: () => void) => {
      turns.push(run);
    },
  };
  const garbage = new YoungGarbage(clock, () => {
    state.collections += 1;
    state.nowMs += costMs;
  });
  /** How many were asked for. */
  const endTurn = () => {
    const asked = turns.splice(0);
    for (const run of asked) run();
    return asked.length;
  };
  return { garbage, state, endTurn };
}

describe("young garbage", () => {
  test("is collected once at the end of a turn that made enough of it", () => {
    const { garbage, state, endTurn } = createCollector(0);
    garbage.made(BYTES - 1);
    expect(endTurn()).toBe(0);
    garbage.made(1);
    garbage.made(3 * BYTES);
    expect(state.collections).toBe(0);
    expect(endTurn()).toBe(1);
    expect(state.collections).toBe(1);
  });

  test("counts anew after each collection", () => {
    const { garbage, state, endTurn } = createCollector(0);
    for (let part = 0; part < 20; part++) {
      garbage.made(BYTES / 2);
      endTurn();
    }
    expect(state.collections).toBe(10);
  });

  test("takes a twentieth of the time at most", () => {
    const { garbage, state, endTurn } = createCollector(5);
    let spentMs = 0;
    while (state.nowMs < 10_000) {
      const before = state.collections;
      garbage.made(BYTES);
      endTurn();
      spentMs += (state.collections - before) * 5;
      state.nowMs += 1;
    }
    expect(state.collections).toBeGreaterThan(50);
    expect(spentMs / state.nowMs).toBeLessThanOrEqual(0.051);
  });

  test("is gone afterwards", () => {
    let turn = () => {};
    const endOfTurn = (run: () => void) => {
      turn = run;
    };
    const garbage = new YoungGarbage({ nowMs: () => performance.now(), endOfTurn });
    const refs: WeakRef<object>[] = [];
    (() => {
      for (let count = 0; count < 1_000; count++) {
        refs.push(new WeakRef({ count }));
      }
    })();
    return new Promise<void>((resolve) => {
      // What a WeakRef was made of lives to the end of its turn.
      setTimeout(() => {
        garbage.made(BYTES);
        turn();
        const alive = refs.filter((ref) => ref.deref() !== undefined).length;
        expect(alive).toBeLessThan(100);
        resolve();
      }, 1);
    });
  });
});
