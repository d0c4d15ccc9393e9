/**
 * The driver against the real servers, where they are installed: what it counts as served is there.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { measureDriverLimit, startFixedAnswers } from "../../bench/load/driver-limit.ts";
import { LoadProcess } from "../../bench/load/load-process.ts";
import type { LoadSpec, ProtocolSpec } from "../../bench/load/load-spec.ts";
import { NO_FAILURES } from "../../bench/load/protocol.ts";
import { runLoad } from "../../bench/load/run-load.ts";
import { keyOf, valueFor } from "../../bench/load/workload.ts";
import { freePort, freePorts } from "../support/free-port.ts";
import { temporaryDirectories } from "../support/temporary-directory.ts";
import { waitUntil } from "../support/wait-until.ts";

const hostname = "127.0.0.1";
const directory = temporaryDirectories();
const running: Subprocess[] = [];

afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await Promise.all(running.map((child) => child.exited));
});

function start(words: readonly string[]): void {
  running.push(Bun.spawn([...words], { stdin: "ignore", stdout: "ignore", stderr: "ignore" }));
}

const isInstalled = (program: string) => Bun.which(program) !== null;
const hasRedis = isInstalled("redis-server");
const hasEtcd = isInstalled("etcd");
const missing = (program: string, there: boolean) =>
  there ? "" : ` (skipped: ${program} is not installed)`;

const KEYS = 50;
/** On a busy machine the servers take seconds to start. */
const TIMEOUT_MS = 30_000;

function load(protocol: ProtocolSpec, port: number, more: Partial<LoadSpec["workload"]>): LoadSpec {
  return {
    ...{ protocol, targets: [{ hostname, port }], clients: 4, seconds: 10, requests: 200 },
    workload: { keys: KEYS, valueBytes: 100, ...more },
  };
}

/** Fills, mixes, and reads what is absent; the counts are known. */
async function expectKnownCounts(protocol: ProtocolSpec, port: number): Promise<void> {
  const filled = await runLoad(load(protocol, port, { fill: true, valueBytes: 70_000 }));
  expect(filled).toMatchObject({ served: KEYS, failures: NO_FAILURES, complaint: undefined });
  const mixed = await runLoad(load(protocol, port, { readShare: 0.9 }));
  expect(mixed).toMatchObject({ served: 200, failures: NO_FAILURES });
  expect(mixed.writes.count + mixed.reads.count).toBe(200);
  expect(mixed.reads.count).toBeGreaterThan(160);
  expect(mixed.reads.count).toBeLessThan(198);
  const many = await runLoad(load(protocol, port, { readShare: 1, keys: 10 * KEYS }));
  expect(many.failures.wrong).toBeGreaterThan(100);
  expect(many.served + many.failures.wrong).toBe(200);
  expect(many.complaint).toMatch(/absent|^200 .*header/);
}

describe.skipIf(!hasRedis)(`Redis${missing("redis-server", hasRedis)}`, () => {
  async function startRedis(...more: readonly string[]): Promise<number> {
    const port = freePort();
    const files = ["--save", "", "--appendonly", "no", "--dir", directory()];
    start(["redis-server", "--bind", hostname, "--port", `${port}`, ...files, ...more]);
    await waitUntil(() => say(port, "PING"), { what: "Redis to answer" });
    return port;
  }

  /** What Redis replies to a command, as it comes. */
  async function say(port: number, command: string): Promise<string> {
    const reply = Promise.withResolvers<string>();
    const socket = await Bun.connect({
      ...{ hostname, port },
      socket: { data: (_, chunk) => reply.resolve(chunk.toString()) },
    });
    socket.write(`${command}\r\n`);
    const said = await reply.promise;
    socket.end();
    return said;
  }

  test(
    "serves what it is asked, and what is served is there",
    async () => {
      const port = await startRedis();
      await expectKnownCounts({ name: "redis", replicas: 0 }, port);
      const value = valueFor(3, 70_000);
      expect([value, valueFor(3, 100)].map((each) => each.length)).toContain(
        Number(/^\$(\d+)/.exec(await say(port, `GET ${keyOf(3)}`))?.[1]),
      );
    },
    TIMEOUT_MS,
  );

  test(
    "a WAIT that counts too few replicas is no throughput",
    async () => {
      const port = await startRedis("--repl-diskless-sync-delay", "0");
      await startRedis("--replicaof", hostname, `${port}`);
      await waitUntil(async () => (await say(port, "WAIT 1 100")).trim() === ":1", {
        what: "the replica to follow",
      });
      const one = await runLoad(load({ name: "redis", replicas: 1 }, port, {}));
      expect(one).toMatchObject({ served: 200, failures: NO_FAILURES });
      const two = await runLoad({
        ...load({ name: "redis", replicas: 2, waitMs: 20 }, port, {}),
        requests: 8,
      });
      expect(two).toMatchObject({ served: 0, failures: { ...NO_FAILURES, short: 8 } });
      expect(two.complaint).toBe("WAIT counted 1 of 2 replicas");
      expect(two.writes.count).toBe(0);
    },
    TIMEOUT_MS,
  );
});

describe.skipIf(!hasEtcd)(`etcd${missing("etcd", hasEtcd)}`, () => {
  async function startEtcd(): Promise<number> {
    const [port = 0, peers = 0] = freePorts(2);
    const own = `http://${hostname}:${port}`;
    const peer = `http://${hostname}:${peers}`;
    start([
      ...["etcd", "--name", "one", "--data-dir", join(directory(), "etcd")],
      ...["--listen-client-urls", own, "--advertise-client-urls", own],
      ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
      ...["--initial-cluster", `one=${peer}`, "--unsafe-no-fsync"],
    ]);
    await waitUntil(async () => (await fetch(`${own}/health`)).ok, { what: "etcd to be healthy" });
    return port;
  }

  test(
    "serves over gRPC and over HTTP what it is asked, and what is served is there",
    async () => {
      const port = await startEtcd();
      for (const serializable of [false, true]) {
        await expectKnownCounts({ name: "etcd-grpc", serializable }, port);
        await clear(port);
      }
      await expectKnownCounts({ name: "etcd-gateway" }, port);
      const { kvs } = await post(port, "range", { key: btoa(keyOf(3)) });
      const value = atob(kvs?.[0]?.value ?? "");
      expect([valueFor(3, 70_000), valueFor(3, 100)]).toContain(value);
    },
    TIMEOUT_MS,
  );

  async function post(
    port: number,
    call: string,
    body: object,
  ): Promise<{ kvs?: readonly { value: string }[] }> {
    const url = `http://${hostname}:${port}/v3/kv/${call}`;
    const answer = await fetch(url, { method: "POST", body: JSON.stringify(body) });
    return (await answer.json()) as { kvs?: readonly { value: string }[] };
  }

  /** Removes every key. */
  const clear = (port: number) =>
    post(port, "deleterange", { key: btoa("\0"), range_end: btoa("\0") });
});

describe("the driver's process", () => {
  test("takes one load after the other, tells its progress, and ends", async () => {
    const server = await startFixedAnswers({ protocol: "redis", valueBytes: 100 });
    const driver = new LoadProcess();
    const told: number[] = [];
    const spec = load({ name: "redis", replicas: 3 }, server.port, { readShare: 0.5 });
    const long = { ...spec, requests: 1e9, seconds: 0.7, warmUpSeconds: 0.3 };
    const first = await driver.run(long, { onProgress: (settled) => told.push(settled) });
    expect(first.served).toBeGreaterThan(100);
    expect(first.reads.count + first.writes.count).toBe(first.served);
    expect(first.durationMs).toBeGreaterThan(600);
    expect(first.durationMs).toBeLessThan(2_000);
    expect(first.driverCpuSeconds).toBeGreaterThan(0);
    expect(told.length).toBeGreaterThan(1);
    const stop = new AbortController();
    const stopped = driver.run({ ...spec, requests: 1e9 }, { signal: stop.signal });
    stop.abort();
    expect((await stopped).durationMs).toBeLessThan(5_000);
    await server.stop();
    const refused = await driver.run({ ...spec, requests: 8 });
    expect(refused).toMatchObject({ served: 0, failures: { ...NO_FAILURES, connect: 8 } });
    expect(refused.writes.p50).toBeNaN();
    await driver.stop();
    await expect(driver.run(spec)).rejects.toThrow();
  });

  test(
    "knows its own limit for both kinds of answers, large values too",
    async () => {
      for (const protocol of ["kvnode", "redis"] as const) {
        const options = { protocol, clients: 4, seconds: 0.3, valueBytes: 70_000, readShare: 0.5 };
        const limit = await measureDriverLimit(options);
        expect(limit.perSecond).toBeGreaterThan(100);
        expect(limit.driverMicrosPerOperation).toBeGreaterThan(0);
        const hasWrk = protocol === "kvnode" && isInstalled("wrk");
        expect(limit.wrkPerSecond === undefined).toBe(!hasWrk);
      }
    },
    TIMEOUT_MS,
  );
});
