/** The commands at a partitioned cluster, against nodes that answer as a real one would. */
import { afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import { NodeClient } from "../../src/cli/node-client.ts";
import { checkCluster } from "../../src/cli/partitioned/check-cluster.ts";
import { type ClusterStatus, findPartitioned } from "../../src/cli/partitioned/cluster-status.ts";
import { showCluster, summaryOf } from "../../src/cli/partitioned/show-status.ts";

type Json = Readonly<Record<string, unknown>>;
type Routes = Readonly<Record<string, () => Json>>;

const stops: (() => void)[] = [];
let printed = "";
let print: { mockRestore: () => void };

beforeEach(() => {
  printed = "";
  print = spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += text;
    return true;
  });
});

afterEach(() => {
  print.mockRestore();
  for (const stop of stops.splice(0)) stop();
});

/** A node that gives these answers by path and query, 404 for everything else. */
function listen(routes: Routes): string {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const { pathname, search } = new URL(request.url);
      const answer = routes[pathname + search] ?? routes[pathname];
      return answer === undefined
        ? Response.json({ error: "not_found", message: "There is none." }, { status: 404 })
        : Response.json(answer());
    },
  });
  stops.push(() => void server.stop(true));
  return server.url.origin;
}

interface Copy {
  readonly keys: number;
  readonly digest: string;
  readonly dump?: Json;
}

/** One partition at three workers, as each of them holds it; undefined for one that is gone. */
function startCluster(
  copies: readonly (Copy | undefined)[],
  partition: Partial<ClusterStatus["partitions"][number]> = {},
  hidden = false,
) {
  const controllerRoutes: Record<string, () => Json> = {};
  const controller = listen(controllerRoutes);
  const workers = copies.map((copy, index) => {
    const id = `worker${index + 1}`;
    const routes: Routes =
      copy === undefined
        ? {}
        : {
            "/status": () => ({ node: id, role: "worker", controller }),
            "/digest?partition=0": () => ({ keys: copy.keys, digest: copy.digest }),
            "/dump?partition=0": () => copy.dump ?? {},
          };
    if (hidden) {
      for (const [path, answer] of Object.entries(routes)) {
        controllerRoutes[`/via/${id}${path}`] = answer;
      }
    }
    const address = copy === undefined || hidden ? "http://127.0.0.1:1" : listen(routes);
    const status = copy === undefined ? "down" : "up";
    return { id, address, status, heartbeatAgeMs: 10, partitions: 1, primaries: index ? 0 : 1 };
  });
  const members = workers.map(({ id, address }, index) => {
    const role = index === 0 ? "primary" : "replica";
    return { id, address, role, state: copies[index] ? "synced" : "down", lagEntries: 0 };
  });
  const one = { partition: 0, generation: 3, epoch: 3, primary: "worker1", members };
  controllerRoutes["/status"] = () => ({
    node: "controller",
    role: "controller",
    cluster: { id: "c", name: "kvnode", partitions: 1, replicas: 3, writeQuorum: 2 },
    workers,
    partitions: [{ ...one, state: "ok", missing: [], ...partition }],
    moving: [],
    events: [],
  });
  return { controller, workers };
}

async function check(url: string, waitMs = 0): Promise<string> {
  const cluster = await findPartitioned(new NodeClient(url, 2_000));
  if (cluster === undefined) throw new Error("it is a leader/follower group");
  try {
    await checkCluster(cluster, { waitMs, timeoutMs: 2_000, json: false });
    return "equal";
  } catch (error) {
    const { message, exitCode } = error as Error & { exitCode: number };
    return `${exitCode}: ${message}`;
  }
}

const SAME = { keys: 2, digest: "aa" };
const version = (value: string, number: number) => ({ value, version: number });

describe("check at a partitioned cluster", () => {
  test("finds its way from a worker, and says that all copies are equal", async () => {
    const { workers } = startCluster([SAME, SAME, SAME]);
    expect(await check(workers[2]?.address ?? "")).toBe("equal");
    expect(printed).toContain("The one partition is equal in all 3 copies: 2 keys.");
  });

  test("goes through the controller where the workers' addresses lead nowhere", async () => {
    const { controller } = startCluster([SAME, SAME, SAME], {}, true);
    expect(await check(controller)).toBe("equal");
  });

  test("lists what is missing, extra and stale, with the worker and the partition", async () => {
    const { controller } = startCluster([
      { ...SAME, dump: { a: version("1", 1), b: version("2", 2) } },
      { keys: 1, digest: "bb", dump: { a: version("1", 1) } },
      {
        keys: 3,
        digest: "cc",
        dump: { a: version("0", 0), b: version("2", 2), c: version("3", 3) },
      },
    ]);
    expect(await check(controller)).toBe("1: The copies of 1 partition differ (0).");
    expect(printed).toContain("worker2, partition 0, missing: b\n");
    expect(printed).toContain("worker3, partition 0, extra: c\n");
    expect(printed).toContain("worker3, partition 0, stale: a (has version 0, should have 1)\n");
  });

  test("says with another exit code that a copy can't be reached", async () => {
    const { controller } = startCluster([SAME, SAME, undefined]);
    expect(await check(controller)).toBe(
      "3: The copies that answer are equal, but worker3 can't be reached.",
    );
  });

  test("names who is missing where more copies are lost than the promise covers", async () => {
    const lost = { state: "lost", missing: ["worker2", "worker3"] };
    const { controller } = startCluster([SAME, undefined, undefined], lost);
    expect(await check(controller)).toBe(
      "1: 1 partition (0) can't go on: more copies are missing than the promise covers. " +
        "Start worker2, worker3 again, with what they held.",
    );
  });

  test("waits while copies are under way", async () => {
    let asked = 0;
    const late = {
      keys: 2,
      get digest() {
        return ++asked < 3 ? "bb" : "aa";
      },
    };
    const { controller } = startCluster([SAME, SAME, late]);
    expect(await check(controller, 10_000)).toBe("equal");
    expect(asked).toBe(3);
  });

  test("says that nothing is placed yet", async () => {
    const { controller } = startCluster([SAME]);
    const cluster = await findPartitioned(new NodeClient(controller, 2_000));
    const empty = { ...cluster!, status: { ...cluster!.status, partitions: [] } };
    const options = { waitMs: 0, timeoutMs: 1_000, json: false };
    await expect(checkCluster(empty, options)).rejects.toThrow("have not been placed yet");
  });
});

describe("status at a partitioned cluster", () => {
  test("shows workers, and of the partitions those that are not as they should be", async () => {
    const { controller } = startCluster([SAME, SAME, undefined], { state: "under-replicated" });
    const cluster = await findPartitioned(new NodeClient(controller, 2_000));
    showCluster(cluster!, { all: false, json: false });
    expect(printed).toContain("1 partition of 3 copies, 2 behind an acknowledged write");
    expect(printed).toMatch(/worker3 +http:\/\/127\.0\.0\.1:1 +1 +0 +0 s ago +down/);
    expect(printed).toContain("1 partition: 1 under-replicated");
    expect(printed).toMatch(/0 +3 +worker1 +worker2, worker3 \(down\) +under-replicated/);
  });

  test("leaves out partitions that are well, unless all are wanted", async () => {
    const { controller } = startCluster([SAME, SAME, SAME]);
    const cluster = await findPartitioned(new NodeClient(controller, 2_000));
    showCluster(cluster!, { all: false, json: false });
    expect(printed).not.toContain("PARTITION ");
    showCluster(cluster!, { all: true, json: false });
    expect(printed).toContain("PARTITION ");
  });

  test("counts the partitions by state, those that are well first", () => {
    const states = ["moving", "ok", "lost", "ok"];
    const partitions = states.map((state) => ({ state })) as unknown as ClusterStatus["partitions"];
    expect(summaryOf({ partitions })).toBe("4 partitions: 2 ok, 1 lost, 1 moving");
  });

  test("says where to ask when a worker's controller is out of reach", async () => {
    const controller = "http://127.0.0.1:1";
    const worker = listen({ "/status": () => ({ node: "worker1", role: "worker", controller }) });
    await expect(findPartitioned(new NodeClient(worker, 1_000))).rejects.toThrow(
      /is a worker, and its controller can't be asked: No node answers at http:\/\/127\.0\.0\.1:1/,
    );
  });

  test("finds the controller where the worker is, when its name leads nowhere", async () => {
    const { controller } = startCluster([SAME, SAME, SAME]);
    const hidden = `http://no-such-host.invalid:${new URL(controller).port}`;
    const worker = (id: string) =>
      listen({
        "/status": () => ({ node: "w", role: "worker", controller: hidden, cluster: { id } }),
      });
    const found = await findPartitioned(new NodeClient(worker("c"), 2_000));
    expect(found?.controller.url).toBe(controller);
    await expect(findPartitioned(new NodeClient(worker("other"), 2_000))).rejects.toThrow(
      "no such host",
    );
  });

  test("is no business of a leader/follower group", async () => {
    const leader = listen({ "/status": () => ({ node: "leader", role: "leader", members: [] }) });
    expect(await findPartitioned(new NodeClient(leader, 1_000))).toBeUndefined();
  });
});
