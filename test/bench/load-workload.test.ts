/** Which request comes when, and where it goes. */
import { afterEach, describe, expect, test } from "bun:test";
import type { Operation, Protocol } from "../../bench/load/protocol.ts";
import { KVNODE } from "../../bench/load/protocols/http-json.ts";
import { runRoutedLoop } from "../../bench/load/routed-loop.ts";
import { keyOf, valueFor, Workload } from "../../bench/load/workload.ts";

/** Requests that say what they ask for. */
const PLAIN: Protocol = {
  encode: (operation: Operation) => Buffer.from(JSON.stringify(operation)),
  dialogue: () => KVNODE.dialogue(),
};

const operationAt = (workload: Workload, index: number) =>
  JSON.parse(Buffer.from(workload.request(index)).toString()) as Operation;

const FIRST = Array.from({ length: 20_000 }, (_, index) => index);

describe("a workload", () => {
  test("has keys and values of one length each", () => {
    expect(new Set([0, 9, 12_345].map((number) => keyOf(number).length)).size).toBe(1);
    expect([1, 16, 1024].map((bytes) => valueFor(123, bytes).length)).toEqual([1, 16, 1024]);
  });

  test("fills with each key once, in order", () => {
    const spec = { keys: 50, valueBytes: 10, fill: true, readShare: 1 };
    const workload = new Workload(spec, { protocol: PLAIN, targets: 3 });
    const operations = FIRST.slice(0, 50).map((index) => operationAt(workload, index));
    expect(operations.map(({ key }) => key)).toEqual(operations.map((_, index) => keyOf(index)));
    expect(operations.every(({ kind }) => kind === "put")).toBe(true);
  });

  test("reads its share, over all keys alike, and says which request reads", () => {
    const spec = { keys: 100, valueBytes: 10, readShare: 0.9 };
    const workload = new Workload(spec, { protocol: PLAIN, targets: 1 });
    const reads = FIRST.filter((index) => workload.reads(index));
    // The share's own deviation is 0.002 at so many draws.
    expect(Math.abs(reads.length / FIRST.length - 0.9)).toBeLessThan(0.01);
    const counts = new Map<string, number>();
    for (const index of FIRST) {
      const { kind, key } = operationAt(workload, index);
      expect(kind === "get").toBe(workload.reads(index));
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    // 200 each are expected, with a deviation of 14.
    expect(counts.size).toBe(100);
    expect(Math.min(...counts.values())).toBeGreaterThan(130);
    expect(Math.max(...counts.values())).toBeLessThan(270);
  });

  test("writes at the first target, and spreads reads over all where it is asked to", () => {
    for (const reads of ["first", "spread"] as const) {
      const spec = { keys: 100, valueBytes: 10, readShare: 0.5, reads };
      const workload = new Workload(spec, { protocol: PLAIN, targets: 3 });
      const ofReads = [0, 0, 0];
      for (const index of FIRST) {
        const target = workload.target(index);
        if (workload.reads(index)) ofReads[target] = (ofReads[target] ?? 0) + 1;
        else expect(target).toBe(0);
      }
      const least = Math.min(...ofReads);
      if (reads === "first") expect(least).toBe(0);
      else expect(least).toBeGreaterThan(3_000);
    }
  });
});

describe("the loop over several targets", () => {
  const running: { stop(force: boolean): unknown }[] = [];

  afterEach(() => {
    for (const server of running.splice(0)) server.stop(true);
  });

  function serve(seen: string[]): { hostname: string; port: number } {
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch(request) {
        seen.push(request.method);
        return Response.json({});
      },
    });
    running.push(server);
    return { hostname: "127.0.0.1", port: server.port ?? 0 };
  }

  test("sends each request to its target", async () => {
    const seen: string[][] = [[], [], []];
    const spec = { keys: 20, valueBytes: 10, readShare: 0.8, reads: "spread" } as const;
    const workload = new Workload(spec, { protocol: KVNODE, targets: 3 });
    const record = await runRoutedLoop({
      targets: seen.map(serve),
      clients: 5,
      requests: 600,
      dialogue: () => KVNODE.dialogue(),
      request: (index) => workload.request(index),
      route: (index) => workload.target(index),
    });
    expect(record.requests).toBe(600);
    const writes = FIRST.slice(0, 600).filter((index) => !workload.reads(index));
    expect(seen[0]?.filter((method) => method === "PUT")).toHaveLength(writes.length);
    expect([...(seen[1] ?? []), ...(seen[2] ?? [])].every((method) => method === "GET")).toBe(true);
    expect(seen.flat()).toHaveLength(600);
    expect(Math.min(...seen.map((of) => of.length))).toBeGreaterThan(100);
  });

  test("leaves no rows of its warm-up, and says with which request the rows begin", async () => {
    const seen: string[] = [];
    const record = await runRoutedLoop({
      targets: [serve(seen)],
      clients: 3,
      requests: Number.MAX_SAFE_INTEGER,
      warmUpSeconds: 0.2,
      seconds: 0.2,
      request: () => KVNODE.encode({ kind: "get", key: "key" }),
    });
    expect(record.firstIndex).toBeGreaterThan(0);
    expect(record.requests).toBeGreaterThan(0);
    expect(record.firstIndex + record.requests).toBe(seen.length);
    expect(record.status.every((status) => status === 200)).toBe(true);
    expect(record.durationMs).toBeGreaterThan(150);
  });
});
