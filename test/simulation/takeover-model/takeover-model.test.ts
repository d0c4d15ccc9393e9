import { describe, expect, test } from "bun:test";
import type { Shortcut } from "../../../src/core/shortcut.ts";
import { run } from "./schedule.ts";
import { WRITTEN } from "./written.ts";

/** KVNODE_MODEL_RUNS makes it more. */
const RUNS = Number(process.env.KVNODE_MODEL_RUNS ?? 1_400);

const GROUPS = [3, 4, 5, 6, 7].flatMap((size) => {
  return Array.from({ length: size - 1 }, (_, index) => ({ size, writeQuorum: index + 1 }));
});

describe("takeover: crashes, lost memories, cuts, rivals and changes of the quorum", () => {
  test.each(GROUPS)(
    "lose nothing and leave nobody stuck (N=$size, W=$writeQuorum)",
    ({ size, writeQuorum }) => {
      for (let seed = 0; seed < RUNS / GROUPS.length; seed++) {
        const { violation } = run({ size, writeQuorum, seed, steps: 200 });
        expect({ seed, violation }).toEqual({ seed, violation: undefined });
      }
    },
    { timeout: 3_600_000 },
  );

  test.each(WRITTEN)("lose nothing in the written schedule $name", (written) => {
    expect(() => written.run()).not.toThrow();
  });
});

/** How many seeds of each group are enough; 0: chance finds it seldom, it is written down. */
const FOUND_WITHIN: Partial<Record<Shortcut, number>> = {
  "r-minus-1": 100,
  "most-advanced": 100,
  "merge-all": 100,
  "blank-votes": 100,
  "no-notes": 0,
  "notes-ignored": 0,
  "again-c-minus-1": 0,
  "no-fence": 100,
  "quorum-early": 100,
};

/** Each is a process that others' work may keep waiting. */
const TIMEOUT_MS = 60_000;

describe("takeover: each shortcut of this level is found", () => {
  const search = async (shortcut: string, runs: number) => {
    const program = Bun.spawn({
      cmd: [
        ...[process.execPath, "--define", `KVNODE_SHORTCUT="${shortcut}"`],
        ...[`${import.meta.dir}/main.ts`, "--runs", String(runs)],
      ],
      stdout: "pipe",
    });
    const output = await new Response(program.stdout).text();
    expect(output).toStartWith(`${shortcut}: `);
    expect(output).toMatch(/lost|a dead value is back/);
    expect(await program.exited).toBe(1);
  };
  test.concurrent.each(Object.entries(FOUND_WITHIN))("%s", search, TIMEOUT_MS);
});
