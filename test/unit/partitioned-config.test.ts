/** The settings of a controller and of a worker. */
import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { SettingError } from "../../src/config/setting.ts";
import { readSettings, withListeningPort } from "../../src/config.ts";

type Texts = Readonly<Record<string, string>>;

const WORKER = { ROLE: "worker", CONTROLLER: "http://controller:8000" };
const CONTROLLER = { ROLE: "controller" };

function settingsOf(env: Texts) {
  return readSettings({ env }).settings;
}

function refusalOf(env: Texts): string {
  try {
    readSettings({ env });
  } catch (error) {
    if (error instanceof SettingError) return error.message;
    throw error;
  }
  throw new Error(`nothing refuses ${JSON.stringify(env)}`);
}

const QUORUM_3 = "allowed is a whole number from 1 to 3, the copies that REPLICAS says";

const REFUSED: readonly (readonly [string, Texts, string])[] = [
  ["a worker without a controller", { ROLE: "worker" }, "CONTROLLER is missing: a worker needs"],
  ["a controller's URL without a port", { CONTROLLER: "http://c" }, "the port is missing"],
  [
    "a leader with a controller",
    { ROLE: "leader", CONTROLLER: "c:8000" },
    'CONTROLLER="http://c:8000" is not allowed: a leader has no controller.',
  ],
  ["a worker as its own controller", { CONTROLLER: "localhost:5000" }, "is this worker itself"],
  ["a controller as a worker", { ...CONTROLLER, WORKERS: "localhost:5000" }, "is this controller"],
  ["more copies asked for than there are", { ...WORKER, WRITE_QUORUM: "4" }, `${QUORUM_3}, by def`],
  [
    "more copies asked for than a controller keeps",
    { ...CONTROLLER, WRITE_QUORUM: "4", REPLICAS: "3" },
    `WRITE_QUORUM="4" is not allowed: ${QUORUM_3}.`,
  ],
  ["a write that nobody confirms", { ...WORKER, WRITE_QUORUM: "0" }, QUORUM_3],
  ["no copy at all", { ...WORKER, REPLICAS: "0" }, "a whole number from 1 to 31"],
  ["no partition", { ...CONTROLLER, PARTITIONS: "0" }, "a whole number from 1 to 65536"],
  ["too many partitions", { ...CONTROLLER, PARTITIONS: "65537" }, "a whole number from 1 to 65536"],
  [
    "a time-out that no heartbeat meets",
    { ...CONTROLLER, HEARTBEAT_TIMEOUT: "1" },
    'HEARTBEAT_TIMEOUT="1s" is not allowed: allowed is more than HEARTBEAT_INTERVAL, which is 1s',
  ],
  ["an interval of 0", { ...WORKER, HEARTBEAT_INTERVAL: "0" }, "a duration from 10ms to 60s"],
  ["a bare interval in ms", { ...CONTROLLER, CHECK_INTERVAL: "2000" }, "write 2000ms."],
  ["a worker twice", { ...CONTROLLER, WORKERS: "a:1,http://a:1" }, "http://a:1 stands there twice"],
  ["no partition at once", { ...CONTROLLER, REBALANCE_PARTITIONS: "0" }, "from 1 to 65536"],
  ["a rate too low", { ...WORKER, REBALANCE_RATE: "1" }, "a rate from 64KiB/s to 16GiB/s"],
];

describe("a setting of the partitioned mode that is refused", () => {
  test.each(REFUSED)("%s", (_what, env, line) => {
    const message = refusalOf(env);
    expect(message).toContain(line);
    expect(message).toEndWith(".");
  });
});

describe("a worker's settings", () => {
  test("have defaults that work", () => {
    expect(settingsOf(WORKER)).toMatchObject({
      role: "worker",
      nodeId: "worker",
      port: 5000,
      controller: "http://controller:8000",
      partitions: 64,
      replicas: 3,
      writeQuorum: 2,
      heartbeatIntervalMs: 1_000,
      heartbeatTimeoutMs: 6_000,
      dataDirectory: undefined,
      rebalanceBytesPerSecond: 33_554_432,
    });
  });

  test("are those of a node with CONTROLLER and without ROLE", () => {
    expect(settingsOf({ CONTROLLER: "controller:8000" }).role).toBe("worker");
  });

  test("are those of report 004's own set-up", () => {
    const report = {
      CONTROLLER: "http://localhost:8000",
      ADDRESS: "http://localhost:8001",
      ID: "w1",
      PORT: "8001",
      WRITE_QUORUM: "2",
      DATA_DIR: "/app/data",
      REQUEST_TIMEOUT: "2",
    };
    expect(settingsOf(report)).toMatchObject({
      role: "worker",
      nodeId: "w1",
      address: "http://localhost:8001",
      controller: "http://localhost:8000",
      writeQuorum: 2,
      dataDirectory: "/app/data",
      replicationTimeoutMs: 2_000,
    });
  });

  test("bend the default quorum to one copy and say so", () => {
    const { settings, described } = readSettings({ env: { ...WORKER, REPLICAS: "1" } });
    expect(settings).toMatchObject({ replicas: 1, writeQuorum: 1 });
    expect(described.WRITE_QUORUM).toBe("1 (the default 2 is more than REPLICAS)");
  });

  test.each([
    ["8MiB", 8_388_608],
    ["8MiB/s", 8_388_608],
    ["100000", 100_000],
  ])("read the rate %p as %p bytes a second", (text, rebalanceBytesPerSecond) => {
    expect(settingsOf({ ...WORKER, REBALANCE_RATE: text })).toMatchObject({
      rebalanceBytesPerSecond,
    });
  });

  test("name what was given and means nothing to a worker", () => {
    const { ignored } = readSettings({
      env: { ...WORKER, FOLLOWERS: "f1:1", CHECK_INTERVAL: "2" },
    });
    expect(ignored).toEqual([
      'FOLLOWERS="f1:1" means nothing to a worker: leave it out.',
      'CHECK_INTERVAL="2" means nothing to a worker: leave it out.',
    ]);
  });
});

describe("a controller's settings", () => {
  test("leave to the first worker what is the cluster's, and name a directory", () => {
    expect(settingsOf(CONTROLLER)).toMatchObject({
      role: "controller",
      nodeId: "controller",
      workers: [],
      partitions: undefined,
      replicas: undefined,
      writeQuorum: undefined,
      heartbeatTimeoutMs: 6_000,
      checkIntervalMs: 2_000,
      rebalancePartitions: 4,
      dataDirectory: resolve("kvnode-data/controller"),
    });
    const { described } = readSettings({ env: CONTROLLER });
    expect(described).toMatchObject({ REPLICAS: "as the first worker says", WORKERS: "none" });
    expect(described.MIN_DELAY).toBeUndefined();
  });

  test("keep the directory by its name", () => {
    const named = settingsOf({ ...CONTROLLER, ID: "main" });
    expect(named).toMatchObject({ dataDirectory: resolve("kvnode-data/main") });
    const given = settingsOf({ ...CONTROLLER, DATA_DIR: "/data" });
    expect(given).toMatchObject({ dataDirectory: "/data" });
  });

  test("are those of report 004's own set-up", () => {
    const report = {
      ROLE: "controller",
      WORKERS: "http://worker1:8001,http://worker2:8002",
      REPLICAS: "3",
      HEARTBEAT_TIMEOUT: "6",
      CHECK_INTERVAL: "2.0",
    };
    expect(settingsOf(report)).toMatchObject({
      workers: ["http://worker1:8001", "http://worker2:8002"],
      replicas: 3,
      heartbeatTimeoutMs: 6_000,
      checkIntervalMs: 2_000,
    });
  });

  test("say one copy behind a write where REPLICAS leaves no other", () => {
    expect(settingsOf({ ...CONTROLLER, REPLICAS: "1" })).toMatchObject({ writeQuorum: 1 });
  });

  test("take the port that was found for port 0", () => {
    const settings = withListeningPort(settingsOf({ ...CONTROLLER, PORT: "0" }), 6000);
    expect(settings).toMatchObject({ role: "controller", address: "http://127.0.0.1:6000" });
  });
});
