import { describe, expect, test } from "bun:test";
import { isSettled, jointQuorum, settledQuorum } from "../../../src/core/quorum-entry.ts";

/** From, [target, what a takeover may assume at most], [writes, takeovers, target]. */
describe("quorum entry: the first step of a change", () => {
  test.each([
    ["a raise holds for writes at once", settledQuorum(2), [4, 2], [4, 2, 4]],
    ["a lower one holds for takeovers at once", settledQuorum(4), [2, 4], [4, 2, 2]],
    ["its own raise goes back at once", { writes: 4, takeovers: 2, target: 4 }, [2, 2], [2, 2, 2]],
    ["its own raise is moderated", { writes: 4, takeovers: 2, target: 4 }, [3, 2], [3, 2, 3]],
    ["a lowering goes on lower", { writes: 4, takeovers: 2, target: 2 }, [1, 4], [4, 1, 1]],
    ["a lowering is moderated", { writes: 4, takeovers: 2, target: 2 }, [3, 4], [4, 2, 3]],
    ["a lowering is taken back", { writes: 4, takeovers: 2, target: 2 }, [4, 4], [4, 2, 4]],
  ] as const)("%s", (_, from, [target, assumed], [writes, takeovers, asked]) => {
    expect(jointQuorum(from, target, assumed)).toEqual({ writes, takeovers, target: asked });
  });

  test("an inherited raise does not go back at once: it may be through somewhere", () => {
    const joint = jointQuorum({ writes: 4, takeovers: 2, target: 4 }, 2);
    expect(joint).toEqual({ writes: 4, takeovers: 2, target: 2 });
    expect(isSettled(joint)).toBeFalse();
  });
});
