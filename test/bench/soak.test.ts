import { describe, expect, test } from "bun:test";
import { causeOf, describeCause, readLeaderLog } from "../../bench/soak/leader-log.ts";
import { type MemorySample, slopeOf } from "../../bench/soak/memory.ts";
import { readOptions } from "../../bench/soak/options.ts";
import { joinWindows } from "../../bench/soak/window.ts";

/** As the runtime prints it, shortened. */
const FULL_COLLECTION = [
  "[GC<0x5a1>: START M 32417kb => FullCollection, a=0kb i#1:N<CsMsm(0)> p=5.0ms (max 5.0ms)",
  "[GC<0x5a1>: M a=342kb hf=0.043 o=1 b=2 0+2 p=20.5ms (max 20.5ms)...]",
  "[GC<0x5a1>: M a=975kb hf=0.2 i#5:Msm(2) => 11686kb, p=1.5ms (max 20.5ms), cycle 31.25ms END]",
  "GC END!",
].join("\n");
const EDEN_COLLECTION =
  "[GC<0x5a1>: START M 10546kb => EdenCollection, i#7:P<Cs>Pbc => 9000kb, p=0.5ms (max 1ms), " +
  "cycle 1.2ms END]";

describe("the leader's log", () => {
  test("what stands between two ticks belongs to the second one", () => {
    const before = `\n@1000.0 5.10 1.00\n${FULL_COLLECTION}\n`;
    const text = `${before}\n@1035.2 35.20 30.00\n\n@1040.2 5.00 2.00\n`;
    const { turns, collections } = readLeaderLog(text);
    expect(turns.map(({ ms, pausedMs, collection }) => [ms, pausedMs, collection])).toEqual([
      [5.1, 0, undefined],
      [35.2, 27, "full"],
      [5, 0, undefined],
    ]);
    expect(collections).toEqual([
      { kind: "full", pausedMs: 27, pausedMsMost: 20.5, endedAtMs: 1035.2 },
    ]);
  });

  test("a collection may span ticks: each turn has its own pauses, and it ends once", () => {
    const [first = "", ...others] = FULL_COLLECTION.split("\n");
    const rest = `${others.join("\n")}\n${EDEN_COLLECTION}`;
    const text = `${first}\n@10.0 6.0 1.0\n${rest}\n@40.0 30.0 1.0\n`;
    const { turns, collections } = readLeaderLog(text);
    expect(turns.map(({ pausedMs }) => pausedMs)).toEqual([5, 22.5]);
    expect(collections.map(({ kind, pausedMs }) => [kind, pausedMs])).toEqual([
      ["full", 27],
      ["eden", 0.5],
    ]);
  });

  test("what the profiler found belongs to the next tick alone", () => {
    const text = "#9 of 10 samples in filter < add\n@50.0 12.0 11.0\n@55.0 5.0 1.0\n";
    const { turns } = readLeaderLog(text);
    expect(turns.map(({ sampled }) => sampled)).toEqual([
      "9 of 10 samples in filter < add",
      undefined,
    ]);
  });
});

describe("the cause of a stall", () => {
  const turn = { endedAtMs: 0, ms: 40, processorMs: 38, pausedMs: 0, collection: undefined };

  test("is the collector where it held the thread for at least half of the time", () => {
    const collected = { ...turn, pausedMs: 31.2, collection: "full" as const, sampled: undefined };
    expect(causeOf(collected)).toBe("garbage");
    expect(describeCause(collected)).toBe(
      "collection of garbage (full: the thread stood still for 31.2 ms)",
    );
  });

  test("is the machine where the thread had no processor for most of it", () => {
    const waited = { ...turn, processorMs: 3, sampled: undefined };
    expect(describeCause(waited)).toBe("no processor (the thread had one for 3.0 ms)");
  });

  test("is its own work otherwise, with the place where it was found", () => {
    const worked = { ...turn, sampled: "9 of 10 samples in filter < add" };
    expect(describeCause(worked)).toBe(
      "its own work (38.0 ms of processor time; 9 of 10 samples in filter < add)",
    );
  });
});

describe("the slope of memory", () => {
  const sampled = (bytes: (writes: number) => number): MemorySample[] =>
    Array.from({ length: 101 }, (_, at) => {
      const writes = at * 100_000;
      return { atMs: at * 1000, writes, nodes: [bytes(writes)] };
    });

  test("is the rise in ten million writes, in percent of the mean of the last half", () => {
    // 0.5 bytes a write: 5 MB in ten million, from 100 MB; at 3/4 of them 103.75 MB.
    const { percent } = slopeOf(
      sampled((writes) => 1e8 + writes / 2),
      0,
    );
    expect(percent).toBeCloseTo((100 * 5) / 103.75, 6);
  });

  test("does not see how memory grew in the first half", () => {
    const { percent } = slopeOf(
      sampled((writes) => Math.min(writes, 5e6)),
      0,
    );
    expect(percent).toBeCloseTo(0, 6);
  });

  test("is not known after few writes", () => {
    const few = sampled((writes) => writes).slice(0, 10);
    expect(slopeOf(few, 0).percent).toBeNaN();
  });
});

test("windows that are joined have all latencies, and the time between them", () => {
  const window = (startedAtMs: number, writes: number[]) => ({
    ...{ startedAtMs, durationMs: 900, failures: 1, readsMs: new Float64Array(0) },
    writesMs: Float64Array.from(writes),
  });
  expect(joinWindows([window(0, [1, 2]), window(1000, [3])])).toEqual({
    ...{ startedAtMs: 0, durationMs: 1900, failures: 2, readsMs: new Float64Array(0) },
    writesMs: Float64Array.from([1, 2, 3]),
  });
});

test("a quick soak is short, and what is asked for comes first", () => {
  const quick = readOptions(["--quick", "--read-percent", "10"]);
  expect(quick).toMatchObject({
    writes: 300_000,
    windowSeconds: 1,
    readPercent: 10,
    profile: true,
  });
  expect(readOptions(["--quick", "--writes", "5000", "--no-profile"])).toMatchObject({
    writes: 5_000,
    profile: false,
  });
  expect(() => readOptions(["--read-percent", "100"])).toThrow(/--read-percent "100": allowed is/);
});
