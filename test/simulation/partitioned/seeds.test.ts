/**
 * A bounded number of runs for every test of the whole; `bun run simulate --partitioned` runs as
 * many as one likes.
 */
import { expect, test } from "bun:test";
import { formatVerdict } from "../command/report.ts";
import { runClusterSeed } from "./run.ts";

const SEEDS = 100;

test(`${SEEDS} clusters keep every promise through bad luck`, () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const result = runClusterSeed({ seed });
    expect(result.violation === undefined ? "" : formatVerdict(result)).toBe("");
  }
}, 60_000);

test("a run of a cluster is the same each time, and another one for each seed", () => {
  const hashes = [1, 2, 3, 1, 2, 3].map((seed) => runClusterSeed({ seed }).hash);
  expect(hashes.slice(0, 3)).toEqual(hashes.slice(3));
  expect(new Set(hashes).size).toBe(3);
});
