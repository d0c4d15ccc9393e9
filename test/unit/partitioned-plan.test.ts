/** What `kvnode cluster --partitioned` and `--auto-failover` are going to start. */
import { describe, expect, test } from "bun:test";
import { settingsOf } from "../../src/cli/local-cluster/node-plan.ts";
import {
  LAB,
  type PartitionedOptions,
  planPartitioned,
} from "../../src/cli/local-cluster/plan-partitioned.ts";

type Texts = Readonly<Record<string, string | undefined>>;

function plan(change: Partial<PartitionedOptions> = {}, environment: Texts = {}) {
  const usual = { workers: 4, port: 8000, host: "127.0.0.1", lab: false, settings: {} };
  return planPartitioned({ ...usual, controllerDirectory: "/tmp/none", ...change }, environment);
}

describe("the plan of a local partitioned cluster", () => {
  test("has a controller on 8000 and four workers on the next ports", () => {
    const { controller, workers } = plan();
    expect(controller.address).toBe("http://127.0.0.1:8000");
    expect(workers.map(({ id, port }) => `${id}:${port}`)).toEqual([
      "worker1:8001",
      "worker2:8002",
      "worker3:8003",
      "worker4:8004",
    ]);
  });

  test("tells the controller whom to expect, and the workers who their controller is", () => {
    const { controller, workers, settings, worker } = plan();
    expect(settings.workers).toEqual(workers.map(({ address }) => address));
    expect(worker.controller).toBe(controller.address);
    expect(workers[3]?.env).toMatchObject({ ROLE: "worker", CONTROLLER: controller.address });
  });

  test("has no network delay, but the lab's where it is the lab", () => {
    expect(plan().worker).toMatchObject({ minDelayMs: 0, maxDelayMs: 0 });
    expect(plan({ lab: true }).worker).toMatchObject({ minDelayMs: 0.1, maxDelayMs: 1 });
  });

  test("keeps the controller's decisions on disk, the workers' copies in memory", () => {
    const { controller, worker } = plan();
    expect(controller.env.DATA_DIR).toBe("/tmp/none/controller");
    expect(worker.dataDirectory).toBeUndefined();
  });

  test("gives each node a directory of its own in the cluster's", () => {
    for (const planned of [
      plan({ settings: { DATA_DIR: "/data/lab" } }),
      plan({}, { DATA_DIR: "/data/lab" }),
    ]) {
      expect(planned.controller.env.DATA_DIR).toBe("/data/lab/controller");
      expect(planned.workers[1]?.env.DATA_DIR).toBe("/data/lab/worker2");
    }
    expect(() => plan({ settings: { DATA_DIR: "" } })).toThrow('DATA_DIR="" is not allowed');
  });

  test("gives the cluster's settings to everybody, and nobody what means nothing to it", () => {
    const environment = { REPLICAS: "2", MAX_DELAY: "1ms", CHECK_INTERVAL: "1", FOLLOWERS: "x:1" };
    const { controller, workers, worker, settings } = plan({}, environment);
    expect([settings.replicas, worker.replicas]).toEqual([2, 2]);
    expect(controller.env.MAX_DELAY).toBeUndefined();
    expect(workers[0]?.env.CHECK_INTERVAL).toBeUndefined();
    expect(workers[0]?.env.FOLLOWERS).toBeUndefined();
    expect(settings.checkIntervalMs).toBe(1_000);
  });

  test("never takes another cluster's controller out of the environment", () => {
    const { controller, workers } = plan({}, { CONTROLLER: "http://elsewhere:1", WORKERS: "a:1" });
    expect(controller.env.CONTROLLER).toBeUndefined();
    expect(workers[0]?.env.CONTROLLER).toBe("http://127.0.0.1:8000");
  });

  test("makes a write of one copy where there is one worker and no other quorum is given", () => {
    expect(plan({ workers: 1 }).worker.writeQuorum).toBe(1);
    expect(() => plan({ workers: 1, settings: { WRITE_QUORUM: "2" } })).toThrow("--workers 2");
  });

  test("refuses a quorum that the workers could never be", () => {
    const settings = { WRITE_QUORUM: "3" };
    expect(() => plan({ workers: 2, settings })).toThrow("WRITE_QUORUM is 3, so at least as many");
    expect(() => plan({ settings: { WRITE_QUORUM: "4" } })).toThrow("from 1 to 3");
  });

  test("refuses ports that there are not, and more workers than a machine shows", () => {
    expect(() => plan({ port: 65_533 })).toThrow("need ports from 1 to 65535");
    expect(() => plan({ workers: 31 })).toThrow("Allowed are 1 to 30 workers.");
  });

  test("gives the settings that start a worker again by hand", () => {
    expect(settingsOf(plan().workers[1]!)).toBe(
      "ROLE=worker NODE_ID=worker2 HOST=127.0.0.1 PORT=8002 CONTROLLER=http://127.0.0.1:8000",
    );
  });

  test("is the lab's group of six, of which three followers confirm, with one partition", () => {
    const settings = {
      REPLICAS: String(LAB.replicas),
      PARTITIONS: String(LAB.partitions),
      WRITE_QUORUM: String(LAB.writeQuorum),
    };
    const { worker, settings: own } = plan({ workers: LAB.workers, lab: true, settings });
    expect(worker).toMatchObject({ partitions: 1, replicas: 6, writeQuorum: 4 });
    expect(own).toMatchObject({ partitions: 1, replicas: 6, writeQuorum: 4 });
  });
});
