/** What `kvnode cluster` is going to start. */
import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { settingsOf } from "../../src/cli/local-cluster/node-plan.ts";
import { planCluster } from "../../src/cli/local-cluster/plan.ts";

type Texts = Readonly<Record<string, string | undefined>>;

function plan(settings: Texts = {}, environment: Texts = {}, followers = 5) {
  return planCluster({ followers, port: 5000, host: "127.0.0.1", settings }, environment);
}

describe("the plan of a local cluster", () => {
  test("has a leader and five followers on the next ports, as the lab wants them", () => {
    const { leader, followers, settings } = plan();
    expect(leader.address).toBe("http://127.0.0.1:5000");
    expect(followers.map(({ id, port }) => `${id}:${port}`)).toEqual([
      "follower1:5001",
      "follower2:5002",
      "follower3:5003",
      "follower4:5004",
      "follower5:5005",
    ]);
    expect(settings).toMatchObject({ writeQuorum: 3, minDelayMs: 0.1, maxDelayMs: 1 });
    expect(settings.followers).toEqual(followers.map(({ address }) => address));
  });

  test("prefers flags to the environment, and takes what is set there for every node", () => {
    const environment = { WRITE_QUORUM: "1", REPL_TIMEOUT: "5", MAX_VALUE_BYTES: "2MiB" };
    const { settings, followers } = plan({ WRITE_QUORUM: "2" }, environment);
    expect(settings).toMatchObject({ writeQuorum: 2, replicationTimeoutMs: 5_000 });
    expect(followers[4]?.env).toMatchObject({ MAX_VALUE_BYTES: "2MiB", REPL_TIMEOUT: "5" });
  });

  test("lets a flag replace the environment's alias of it", () => {
    const { settings } = plan({ REPLICATION_TIMEOUT: "1s" }, { REPL_TIMEOUT: "5" });
    expect(settings.replicationTimeoutMs).toBe(1_000);
  });

  test("never gives a node another's role, name or port out of the environment", () => {
    const environment = { NODE_TYPE: "follower", ID: "x", PORT: "1", HOST: "me", ADDRESS: "x:1" };
    const { leader } = plan({}, environment);
    expect(leader.env.NODE_TYPE).toBeUndefined();
    expect(leader.env.ID).toBeUndefined();
    expect(leader.env.ADDRESS).toBeUndefined();
    expect(leader.env).toMatchObject({ ROLE: "leader", NODE_ID: "leader", PORT: "5000" });
  });

  test.each([
    [{ MIN_DELAY: "5ms" }, 5, 5],
    [{ MAX_DELAY: "20ms" }, 0.1, 20],
    [{ MAX_DELAY: "0ms" }, 0, 0],
    [{ MIN_DELAY: "0ms" }, 0, 1],
    [{ MIN_DELAY: "0ms", MAX_DELAY: "0ms" }, 0, 0],
  ])("bends the default delays to %p", (settings, minDelayMs, maxDelayMs) => {
    expect(plan(settings).settings).toMatchObject({ minDelayMs, maxDelayMs });
    expect(plan({}, settings).settings).toMatchObject({ minDelayMs, maxDelayMs });
  });

  test("lowers only the default quorum when there are fewer followers", () => {
    expect(plan({}, {}, 2).settings.writeQuorum).toBe(2);
    expect(plan({}, {}, 0).settings.writeQuorum).toBe(0);
    expect(() => plan({ WRITE_QUORUM: "3" }, {}, 2)).toThrow("from 0 to 2");
  });

  test("refuses ports that there are not", () => {
    const options = { followers: 5, port: 65_533, host: "127.0.0.1", settings: {} };
    expect(() => planCluster(options, {})).toThrow("need ports from 1 to 65535");
  });

  test("gives each node a directory of its own in the cluster's", () => {
    for (const planned of [plan({ DATA_DIR: "/data/lab" }), plan({}, { DATA_DIR: "/data/lab/" })]) {
      const { leader, followers, settings } = planned;
      expect(leader.env.DATA_DIR).toBe("/data/lab/leader");
      expect(followers[4]?.env.DATA_DIR).toBe("/data/lab/follower5");
      expect(settings.dataDirectory).toBe("/data/lab/leader");
    }
    expect(plan({ DATA_DIR: "lab" }).leader.env.DATA_DIR).toBe(resolve("lab/leader"));
    expect(plan().leader.env.DATA_DIR).toBeUndefined();
    expect(() => plan({ DATA_DIR: "" })).toThrow('DATA_DIR="" is not allowed');
  });

  test("gives settings that a shell takes as they are, also a directory with a space", () => {
    const { leader } = plan({ DATA_DIR: "/my data" }, {}, 0);
    expect(settingsOf(leader)).toContain("DATA_DIR='/my data/leader'");
  });

  test("gives the settings that start one node again by hand", () => {
    const { leader, followers } = plan({}, { SECRET: "s" }, 1);
    expect(settingsOf(followers[0]!)).toBe(
      "ROLE=follower NODE_ID=follower1 HOST=127.0.0.1 PORT=5001 MIN_DELAY=0.1ms MAX_DELAY=1ms",
    );
    expect(settingsOf(leader)).toContain("FOLLOWERS=http://127.0.0.1:5001");
  });
});
