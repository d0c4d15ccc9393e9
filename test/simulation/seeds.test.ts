/**
 * A bounded number of runs for every test of the whole; `bun run simulate` runs as many as one
 * likes.
 */
import { expect, test } from "bun:test";
import { formatVerdict } from "./command/report.ts";
import { runSeed } from "./run.ts";

const SEEDS = 150;

test(`${SEEDS} groups keep every promise through bad luck`, () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const result = runSeed({ seed });
    expect(result.violation === undefined ? "" : formatVerdict(result)).toBe("");
  }
}, 60_000);
