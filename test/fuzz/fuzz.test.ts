/**
 * A short run of `bun run fuzz`: the same nodes, requests and frames, with another seed each time;
 * and a check that it would find what it looks for.
 */
import { describe, expect, test } from "bun:test";
import { hasGrown, MemoryRecord } from "./memory-course.ts";
import { readOptions, UsageError } from "./options.ts";
import { parseAnswers } from "./raw-answers.ts";
import { fuzz } from "./run.ts";

/** As much as there is time for: the machine may have more to do. */
const SHORT = {
  ...{ requests: 1_500, frames: 6_000, settings: 500 },
  ...{ minutes: 4 / 60, laps: 1, shrinkMsMax: 15_000 },
};

test("nodes that are sent anything live, refuse it in words and stay as they were", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const result = await fuzz({ ...SHORT, seed }, { progress: () => {} });
  expect({ seed, failures: result.failures }).toEqual({ seed, failures: [] });
  expect(result.outcomes.get("500")).toBeUndefined();
  // However little time there was, something was sent, and something of it refused.
  expect(result.requests).toBeGreaterThan(0);
  expect(result.frames).toBeGreaterThan(0);
  expect(result.outcomes.get("400")).toBeGreaterThan(0);
}, 90_000);

describe("the memory's course", () => {
  const record = (...sizes: readonly number[]) => {
    const memory = new MemoryRecord();
    sizes.forEach((rss, lap) => {
      for (const noise of [0.9, 1, 1.1]) {
        memory.add(lap, new Map([["leader", { rss: rss * noise * 1024 ** 2, heap: 0 }]]));
      }
    });
    return memory.courses().filter(hasGrown);
  };

  test("does not count the warm-up", () => {
    expect(record(50, 300, 290, 310)).toEqual([]);
  });

  test("tells what grows on and on", () => {
    expect(record(100, 200, 400, 800)).toMatchObject([{ node: "leader", what: "rss" }]);
  });
});

describe("answers on a raw connection", () => {
  const parse = (text: string, head = false) =>
    parseAnswers(Buffer.from(text), head).map(({ status, body }) => [status, body]);

  test("are taken apart one by one, without interim ones", () => {
    const chunked =
      "HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
    const sized = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    expect(parse(`HTTP/1.1 100 Continue\r\n\r\n${sized}${chunked}${sized}`)).toEqual([
      [200, "{}"],
      [404, "abc"],
      [200, "{}"],
    ]);
  });

  test("count only when they are whole", () => {
    expect(parse("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}")).toEqual([]);
    expect(parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n")).toEqual(
      [],
    );
    expect(parse("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", true)).toEqual([[200, ""]]);
  });
});

describe("the options", () => {
  test("are read strictly", () => {
    expect(readOptions(["--requests", "10", "--seed", "3"])).toMatchObject({
      requests: 10,
      seed: 3,
    });
    for (const wrong of [["--frames", "-1"], ["--requests", "many"], ["--seeds", "1"], ["x"]]) {
      expect(() => readOptions(wrong)).toThrow(UsageError);
    }
  });
});
