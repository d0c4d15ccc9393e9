/** The settings: every value that is refused, with its line, and how the others are understood. */
import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { SettingError } from "../../src/config/setting.ts";
import type { GroupNodeSettings } from "../../src/config/settings.ts";
import { settingNames, settingsTable } from "../../src/config/table.ts";
import { readSettings, withListeningPort } from "../../src/config.ts";

type Texts = Readonly<Record<string, string>>;

const FIVE = "f1:5000,f2:5000,f3:5000,f4:5000,f5:5000";

function settingsOf(env: Texts, flags: Texts = {}): GroupNodeSettings {
  const { settings } = readSettings({ env, flags });
  if (settings.role === "leader" || settings.role === "follower") return settings;
  throw new Error(`not a leader or follower: ${settings.role}`);
}

function refusalOf(env: Texts, flags: Texts = {}): string {
  try {
    readSettings({ env, flags });
  } catch (error) {
    if (error instanceof SettingError) return error.message;
    throw error;
  }
  throw new Error(`nothing refuses ${JSON.stringify({ env, flags })}`);
}

const WHOLE_5 = "allowed is a whole number from 0 to 5, the number of followers in FOLLOWERS.";
const WHOLE_30 = "is not allowed: allowed is a whole number from 0 to 30.";
const PORT = "is not allowed: allowed is a whole number from 0 to 65535.";
const DELAY = "allowed is a duration from 0ms to 60s";
const TIMEOUT = "allowed is a duration from 1ms to 600s";
const NAME = "allowed are 1 to 64 letters, digits, dots, hyphens and underscores.";
const EMPTY = "is not allowed: it is empty: give it a value or leave it out";
const ADDRESS = "allowed is host:port or http://host:port, such as";

/** What is wrong, the environment, and the whole line or how it goes on behind the value. */
const REFUSED: readonly (readonly [string, Texts, string])[] = [
  ["a quorum above the followers", { FOLLOWERS: FIVE, WRITE_QUORUM: "6" }, WHOLE_5],
  ["a quorum of a leader alone", { WRITE_QUORUM: "1" }, "allowed is a whole number from 0 to 0"],
  ["a negative quorum", { WRITE_QUORUM: "-1" }, `WRITE_QUORUM="-1" ${WHOLE_30}`],
  ["half a quorum", { WRITE_QUORUM: "2.5" }, `WRITE_QUORUM="2.5" ${WHOLE_30}`],
  ["a quorum in words", { WRITE_QUORUM: "three" }, `WRITE_QUORUM="three" ${WHOLE_30}`],
  ["a quorum in hexadecimal", { WRITE_QUORUM: "0x3" }, `WRITE_QUORUM="0x3" ${WHOLE_30}`],
  ["a quorum with an exponent", { WRITE_QUORUM: "1e0" }, `WRITE_QUORUM="1e0" ${WHOLE_30}`],
  ["an empty quorum", { WRITE_QUORUM: "" }, `WRITE_QUORUM="" ${EMPTY} (default 3; worker 2).`],
  ["a blank quorum", { WRITE_QUORUM: "  " }, `WRITE_QUORUM="  " ${EMPTY} (default 3; worker 2).`],
  ["a port in words", { PORT: "http" }, `PORT="http" ${PORT}`],
  ["a port too high", { PORT: "65536" }, `PORT="65536" ${PORT}`],
  ["a negative port", { PORT: "-5000" }, `PORT="-5000" ${PORT}`],
  ["a port of two lines", { PORT: "50\n00" }, `PORT="50\\n00" ${PORT}`],
  [
    "an unknown role",
    { ROLE: "boss" },
    'ROLE="boss" is not allowed: allowed are leader, follower, controller, worker.',
  ],
  ["an unknown role by its alias", { NODE_TYPE: "slave" }, 'NODE_TYPE="slave" is not allowed: '],
  ["an empty data directory", { DATA_DIR: "" }, `DATA_DIR="" ${EMPTY}`],
  ["a data directory with a zero byte", { DATA_DIR: "a\0b" }, "allowed is the path of a directory"],
  ["a name with a space", { NODE_ID: "my node" }, `NODE_ID="my node" is not allowed: ${NAME}`],
  ["a cluster's name too long", { CLUSTER: "x".repeat(65) }, NAME],
  ["a host with a path", { HOST: "0.0.0.0/x" }, "allowed is a host name or an IP address"],
  ["an address without a port", { ADDRESS: "http://leader" }, "the port is missing"],
  ["an address with a path", { ADDRESS: "http://leader:5000/kv" }, ADDRESS],
  ["an address of another scheme", { ADDRESS: "https://leader:5000" }, ADDRESS],
  ["an address with a password", { ADDRESS: "http://a:b@leader:5000" }, ADDRESS],
  ["a follower without a port", { FOLLOWERS: "f1" }, 'in "f1": the port is missing'],
  ["a follower on a port too high", { FOLLOWERS: "f1:70000" }, `in "f1:70000": ${ADDRESS}`],
  ["followers by spaces", { FOLLOWERS: "f1:1 f2:1" }, `in "f1:1 f2:1": ${ADDRESS}`],
  ["a follower of two lines", { FOLLOWERS: '["f1\\n:1"]' }, `in "f1\\n:1": ${ADDRESS}`],
  ["a follower with an escape", { FOLLOWERS: "f1\x9b:1" }, `in "f1\\u009b:1": ${ADDRESS}`],
  ["one follower twice", { FOLLOWERS: "f1:1,http://f1:1/" }, "http://f1:1 stands there twice"],
  ["a broken JSON array", { FOLLOWERS: '["f1:1"' }, "a list by commas or a JSON array of texts"],
  ["a JSON array of numbers", { FOLLOWERS: "[5001]" }, "a list by commas or a JSON array of texts"],
  ["the leader as its own follower", { FOLLOWERS: "localhost:5000" }, "is this leader itself"],
  ["a delay in words", { MIN_DELAY: "fast" }, DELAY],
  ["a negative delay", { MIN_DELAY: "-1ms" }, DELAY],
  ["a delay of an unknown unit", { MAX_DELAY: "1 fortnight" }, DELAY],
  ["a delay above a minute", { MAX_DELAY: "61s" }, DELAY],
  ["an endless delay", { MAX_DELAY: "Infinity" }, DELAY],
  [
    "a bare delay that may mean seconds",
    { MIN_DELAY: "0.0001" },
    'MIN_DELAY="0.0001" is not allowed: without a unit this may mean seconds (write 0.1ms) or ' +
      "milliseconds (write 0.0001ms).",
  ],
  ["delays the wrong way round", { MIN_DELAY: "2", MAX_DELAY: "1" }, "MAX_DELAY, which is 1ms."],
  ["a time-out of 0", { REPLICATION_TIMEOUT: "0" }, TIMEOUT],
  ["a time-out in words", { REPL_TIMEOUT: "soon" }, 'REPL_TIMEOUT="soon" is not allowed: '],
  ["a bare time-out in ms", { REQUEST_TIMEOUT: "2000" }, "a bare number is seconds: write 2000ms."],
  ["a size in words", { MAX_VALUE_BYTES: "big" }, "allowed is a size from 1B to 64MiB"],
  ["a size of an unknown unit", { MAX_VALUE_BYTES: "1MX" }, "allowed is a size from 1B to 64MiB"],
  ["half a byte", { MAX_VALUE_BYTES: "1.5" }, "allowed is a size from 1B to 64MiB"],
  ["a negative size", { LINK_QUEUE_BYTES: "-1MiB" }, "allowed is a size from 64KiB to 1GiB"],
  ["a queue too small", { LINK_QUEUE_BYTES: "1KiB" }, "allowed is a size from 64KiB to 1GiB"],
  ["too little for writes that wait", { PENDING_BYTES: "1" }, "is a size from 64KiB to 16GiB"],
  ["no connections at all", { MAX_CONNECTIONS: "0" }, "a whole number from 1 to 1000000"],
  ["an idle time too short", { IDLE_TIMEOUT: "100ms" }, "allowed is a duration from 1s to 255s"],
  ["an idle time too long", { IDLE_TIMEOUT: "5m" }, "allowed is a duration from 1s to 255s"],
  ["an unknown level", { LOG_LEVEL: "loud" }, "allowed are debug, info, warn, error, silent."],
  ["an unknown format", { LOG_FORMAT: "xml" }, "allowed are pretty, json."],
  [
    "two aliases that differ",
    { ROLE: "leader", NODE_TYPE: "follower" },
    'ROLE="leader" and NODE_TYPE="follower" mean the same setting and differ: give one.',
  ],
];

describe("a setting that is refused", () => {
  test.each(REFUSED)("%s", (_what, env, line) => {
    const message = refusalOf(env);
    expect(message).toContain(line);
    expect(message).not.toContain("\n");
    expect(message).toEndWith(".");
  });

  test("is named by its flag when it came as a flag", () => {
    expect(refusalOf({}, { WRITE_QUORUM: "x" })).toBe(`--write-quorum "x" ${WHOLE_30}`);
  });

  test("is cut when it is very long", () => {
    expect(refusalOf({ PORT: "9".repeat(10_000) }).length).toBeLessThan(300);
  });

  test("names 31 followers as too many", () => {
    const list = Array.from({ length: 31 }, (_, index) => `f${index}:5000`).join(",");
    expect(refusalOf({ FOLLOWERS: list })).toContain("allowed are at most 30, and these are 31");
  });
});

describe("the settings", () => {
  test("have defaults that work", () => {
    expect(settingsOf({})).toEqual({
      role: "leader",
      nodeId: "leader",
      host: "0.0.0.0",
      port: 5000,
      address: "http://127.0.0.1:5000",
      followers: [],
      writeQuorum: 0,
      minDelayMs: 0,
      maxDelayMs: 0,
      replicationTimeoutMs: 2_000,
      dataDirectory: undefined,
      cluster: "kvnode",
      maxValueBytes: 1_048_576,
      linkQueueBytes: 16_777_216,
      pendingBytes: 67_108_864,
      maxConnections: 4_096,
      idleTimeoutMs: 30_000,
      logLevel: "info",
      logFormat: "json",
    });
  });

  test("are pretty on a terminal unless told otherwise", () => {
    const terminal = (env: Texts) => readSettings({ env, terminal: true }).settings.logFormat;
    expect([terminal({}), terminal({ LOG_FORMAT: "json" })]).toEqual(["pretty", "json"]);
  });

  test.each([
    ["by commas", "f1:5000,f2:5001"],
    ["with schemes and slashes", "http://f1:5000, http://f2:5001/"],
    ["as a JSON array", '["http://f1:5000", "f2:5001"]'],
    ["with a comma at the end", "f1:5000,f2:5001,"],
  ])("take followers %s", (_what, text) => {
    expect(settingsOf({ FOLLOWERS: text }).followers).toEqual(["http://f1:5000", "http://f2:5001"]);
  });

  test("take an empty list as no followers", () => {
    expect(settingsOf({ FOLLOWERS: "" }).followers).toEqual([]);
    expect(settingsOf({ FOLLOWERS: "[]" }).followers).toEqual([]);
  });

  test("keep the port 80 that URLs leave out, and IPv6 in brackets", () => {
    const { followers } = settingsOf({ FOLLOWERS: "f1:80,[::1]:5001" });
    expect(followers).toEqual(["http://f1:80", "http://[::1]:5001"]);
  });

  test("bend the default quorum to fewer followers and say so, never one that was asked", () => {
    const two = readSettings({ env: { FOLLOWERS: "f1:1,f2:1" } });
    expect(settingsOf({ FOLLOWERS: "f1:1,f2:1" }).writeQuorum).toBe(2);
    expect(two.described.WRITE_QUORUM).toStartWith("2 (the default 3 is more than");
    expect(settingsOf({ FOLLOWERS: FIVE }).writeQuorum).toBe(3);
    expect(settingsOf({ FOLLOWERS: FIVE, WRITE_QUORUM: "0" }).writeQuorum).toBe(0);
    expect(settingsOf({ FOLLOWERS: FIVE, WRITE_QUORUM: "5" }).writeQuorum).toBe(5);
  });

  test("let a follower know the group's quorum without knowing its followers", () => {
    expect(settingsOf({ ROLE: "follower", WRITE_QUORUM: "4" }).writeQuorum).toBe(4);
  });

  test.each([
    ["0.1ms", 0.1],
    ["0.1", 0.1],
    ["100us", 0.1],
    [".5ms", 0.5],
    ["1", 1],
    ["0.05", 0.05],
    ["0", 0],
    ["0.001s", 1],
    ["60s", 60_000],
    [" 2 ms ", 2],
  ])("read the delay %p as %p ms", (text, ms) => {
    expect(settingsOf({ MAX_DELAY: text }).maxDelayMs).toBe(ms);
  });

  test.each([
    ["2", 2_000],
    ["2.0", 2_000],
    ["0.5", 500],
    ["250ms", 250],
    ["1m", 60_000],
  ])("read the time-out %p as %p ms", (text, ms) => {
    expect(settingsOf({ REPL_TIMEOUT: text }).replicationTimeoutMs).toBe(ms);
  });

  test.each([
    ["1MiB", 1_048_576],
    ["1 mib", 1_048_576],
    ["64KiB", 65_536],
    ["500kB", 500_000],
    ["1.5KiB", 1_536],
    ["1000", 1_000],
  ])("read the size %p as %p bytes", (text, bytes) => {
    expect(settingsOf({ MAX_VALUE_BYTES: text }).maxValueBytes).toBe(bytes);
  });

  test("make a constant delay of a shortest one alone", () => {
    const { minDelayMs, maxDelayMs } = settingsOf({ MIN_DELAY: "5ms" });
    expect([minDelayMs, maxDelayMs]).toEqual([5, 5]);
    const { described } = readSettings({ env: { MIN_DELAY: "5ms" } });
    expect(described.MAX_DELAY).toContain("the same as MIN_DELAY");
  });

  test("prefer the flag to the environment, also across aliases", () => {
    expect(settingsOf({ PORT: "1" }, { PORT: "2" }).port).toBe(2);
    expect(settingsOf({ NODE_TYPE: "leader" }, { ROLE: "follower" }).role).toBe("follower");
    expect(settingsOf({ ROLE: "leader" }, { NODE_TYPE: "follower" }).role).toBe("follower");
  });

  test("take aliases, also two that agree", () => {
    expect(settingsOf({ NODE_TYPE: "Follower", ID: "a" })).toMatchObject({
      role: "follower",
      nodeId: "a",
    });
    expect(settingsOf({ REPL_TIMEOUT: "3", REQUEST_TIMEOUT: "3" }).replicationTimeoutMs).toBe(
      3_000,
    );
  });

  test("are those of each report's own set-up", () => {
    const report000 = { NODE_TYPE: "leader", PORT: "5000", WRITE_QUORUM: "3", FOLLOWERS: FIVE };
    expect(settingsOf(report000)).toMatchObject({ writeQuorum: 3 });
    const report001 = {
      PORT: "8000",
      FOLLOWER_URLS: '["http://follower1:8001"]',
      WRITE_QUORUM: "1",
    };
    expect(settingsOf(report001).followers).toEqual(["http://follower1:8001"]);
    const report002 = { ROLE: "leader", MIN_DELAY: "0.1", MAX_DELAY: "1.0", REPL_TIMEOUT: "2.0" };
    expect(settingsOf(report002)).toMatchObject({
      minDelayMs: 0.1,
      maxDelayMs: 1,
      replicationTimeoutMs: 2_000,
    });
  });

  test("tell others an address that the host names", () => {
    expect(settingsOf({ HOST: "192.168.1.7", PORT: "80" }).address).toBe("http://192.168.1.7:80");
    expect(settingsOf({ HOST: "::" }).address).toBe("http://127.0.0.1:5000");
    expect(settingsOf({ HOST: "[::1]" })).toMatchObject({
      host: "::1",
      address: "http://[::1]:5000",
    });
    expect(settingsOf({ ADDRESS: "leader:5000" }).address).toBe("http://leader:5000");
  });

  test("take the port that was found for port 0, and the address with it", () => {
    const byDefault = withListeningPort(settingsOf({ PORT: "0" }), 6000);
    expect(byDefault).toMatchObject({ port: 6000, address: "http://127.0.0.1:6000" });
    const named = withListeningPort(settingsOf({ PORT: "0", ADDRESS: "leader:5000" }), 6000);
    expect(named).toMatchObject({ port: 6000, address: "http://leader:5000" });
  });

  test("describe every setting of the role once, in the order of the table", () => {
    const { described } = readSettings({ env: { FOLLOWERS: FIVE, MAX_DELAY: "1" } });
    const others = /^(CONTROLLER|WORKERS|REPLICAS|PARTITIONS|CHECK_INTERVAL|HEARTBEAT_.*|REBAL.*)$/;
    expect(Object.keys(described)).toEqual(settingNames().filter((name) => !others.test(name)));
    expect(described).toMatchObject({ MAX_DELAY: "1ms", DATA_DIR: "none: in memory" });
  });

  test("understand a data directory as an absolute path", () => {
    const { settings, described } = readSettings({ env: { DATA_DIR: " data/one/../two " } });
    expect(settings.dataDirectory).toBe(resolve("data/two"));
    expect(described.DATA_DIR).toBe(resolve("data/two"));
    expect(settingsOf({ DATA_DIR: "/data" }).dataDirectory).toBe("/data");
  });

  test("stand in the README's table, one row each", () => {
    const rows = settingsTable().trim().split("\n").slice(2);
    expect(rows.map((row) => /`(\w+)`/.exec(row)?.[1])).toEqual([...settingNames()]);
  });
});
