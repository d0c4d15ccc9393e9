/** The commands at a real partitioned cluster, which `kvnode cluster` has started. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { freePorts } from "../support/free-port.ts";
import { type KvnodeProcess, runKvnode, startKvnode } from "../support/kvnode-process.ts";
import { temporaryDirectories } from "../support/temporary-directory.ts";
import { waitUntil } from "../support/wait-until.ts";

const MINUTE = 60_000;

/** So that a worker that is gone is missed within a second or two. */
const FAST = [
  ...["--heartbeat-interval", "250ms", "--heartbeat-timeout", "1500ms"],
  ...["--check-interval", "100ms"],
];

const makeDirectory = temporaryDirectories();

interface LocalCluster {
  readonly process: KvnodeProcess;
  /** URL of the controller. */
  readonly controller: string;
  /** URL of a worker, counted from 1. */
  worker(number: number): string;
  /** Process of a node, by its name. */
  pidOf(node: string): number;
  stop(): Promise<number>;
}

/** A cluster that has said that everybody is ready. */
async function startCluster(
  args: readonly string[],
  nodes: number,
  port = freePorts(nodes)[0] ?? 0,
): Promise<LocalCluster> {
  const started = startKvnode(["cluster", "--port", String(port), ...FAST, ...args]);
  await waitUntil(() => started.stdout().includes("Ctrl-C stops all nodes."), {
    what: "the cluster to be ready",
    timeoutMs: 30_000,
  });
  return {
    process: started,
    controller: `http://127.0.0.1:${port}`,
    worker: (number) => `http://127.0.0.1:${port + number}`,
    pidOf(node) {
      const row = new RegExp(`^${node} +http://\\S+ +(\\d+)`, "m").exec(started.stdout());
      if (row === null) throw new Error(`the table has no ${node}: ${started.stdout()}`);
      return Number(row[1]);
    },
    async stop() {
      started.kill("SIGINT");
      return (await started.finished).code;
    },
  };
}

interface Status {
  readonly workers: readonly { id: string; status: string; partitions: number }[];
  readonly partitions: readonly { state: string; primary: string }[];
}

async function statusOf({ controller }: LocalCluster): Promise<Status> {
  return (await (await fetch(`${controller}/status`)).json()) as Status;
}

async function everythingIsOk(cluster: LocalCluster): Promise<void> {
  await waitUntil(
    async () => (await statusOf(cluster)).partitions.every(({ state }) => state === "ok"),
    { what: "every partition to be ok", timeoutMs: MINUTE },
  );
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

describe("the commands with a partitioned cluster of four", () => {
  let cluster: LocalCluster;

  beforeAll(async () => {
    cluster = await startCluster(["--partitioned", "--partitions", "16"], 5);
  }, MINUTE);

  afterAll(async () => {
    await cluster.stop();
  });

  test("the cluster says where its page is, and what to try", () => {
    const said = cluster.process.stdout();
    expect(said).toContain("16 partitions of 3 copies on 4 workers, a write is answered with 2");
    expect(said).toContain(`The page: ${cluster.controller}/`);
    expect(said).toMatch(/^controller +http/m);
    expect(said).toMatch(/^worker4 +http/m);
  });

  test(
    "write, read, remove and list through any worker",
    async () => {
      for (let key = 0; key < 20; key++) {
        const at = ["--node", cluster.worker((key % 4) + 1)];
        expect((await runKvnode(["put", `key${key}`, String(key), ...at])).code).toBe(0);
      }
      for (let worker = 1; worker <= 4; worker++) {
        const got = await runKvnode(["get", "key7", "--node", cluster.worker(worker)]);
        expect(got).toMatchObject({ code: 0, stdout: "7\n" });
      }
      expect((await runKvnode(["delete", "key19", "--node", cluster.worker(3)])).code).toBe(0);
      const listed = await runKvnode(["list", "--prefix", "key", "--node", cluster.worker(2)]);
      expect(listed.stdout.match(/^key\d+/gm)).toHaveLength(19);
    },
    MINUTE,
  );

  test("status shows the workers, whether the controller or a worker is asked", async () => {
    await everythingIsOk(cluster);
    for (const url of [cluster.controller, cluster.worker(3)]) {
      const { code, stdout } = await runKvnode(["status", "--node", url]);
      expect(code).toBe(0);
      expect(stdout).toContain("16 partitions of 3 copies, 2 behind an acknowledged write");
      expect(stdout).toContain("16 partitions: 16 ok");
      expect(stdout.match(/^worker\d .* up$/gm)).toHaveLength(4);
    }
    const all = await runKvnode(["status", "--partitions", "--node", cluster.controller]);
    expect(all.stdout.match(/^\d+ +\d+ +worker\d +worker\d, worker\d +ok$/gm)).toHaveLength(16);
  });

  test.each([[["get", "a"]], [["put", "a", "1"]], [["delete", "a"]], [["list"]]])(
    "%p at the controller says which node to name instead",
    async (args) => {
      const { code, stderr } = await runKvnode([...args, "--node", cluster.controller]);
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringMatching(/is a controller and keeps no keys: name .* --node http:/),
      });
    },
  );

  test("check says that all copies are equal", async () => {
    const { code, stdout } = await runKvnode(["check", "--node", cluster.worker(1)]);
    const sentence = "All 16 partitions are equal in all 48 copies: 19 keys.";
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(sentence) });
  });

  test(
    "drain empties a worker, and --undo gives it its share again",
    async () => {
      const drained = await runKvnode(["drain", "worker4", "--node", cluster.controller]);
      expect(drained).toMatchObject({ code: 0, stdout: "worker4 is empty and can be stopped.\n" });
      const shown = await runKvnode(["status", "--node", cluster.controller]);
      expect(shown.stdout).toMatch(/^worker4 +\S+ +0 +0 .* draining$/m);
      const checked = await runKvnode(["check", "--node", cluster.controller]);
      expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining("48 copies") });

      const undone = await runKvnode(["drain", "worker4", "--undo", "--node", cluster.worker(2)]);
      expect(undone).toMatchObject({ code: 0 });
      await waitUntil(
        async () => {
          const { workers } = await statusOf(cluster);
          return (workers.find(({ id }) => id === "worker4")?.partitions ?? 0) > 0;
        },
        { what: "worker4 to have its share again", timeoutMs: MINUTE },
      );
      await everythingIsOk(cluster);
    },
    3 * MINUTE,
  );

  test("drain of a worker that nobody knows is refused with one sentence", async () => {
    const { code, stderr } = await runKvnode(["drain", "nobody", "--node", cluster.controller]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^kvnode: .*nobody.*\n$/);
  });

  test(
    "a worker that is killed is missed, and its copies are made again elsewhere",
    async () => {
      process.kill(cluster.pidOf("worker2"), "SIGKILL");
      await waitUntil(
        async () => {
          const { workers } = await statusOf(cluster);
          return workers.find(({ id }) => id === "worker2")?.status === "down";
        },
        { what: "worker2 to be down", timeoutMs: 15_000 },
      );
      await everythingIsOk(cluster);
      const put = await runKvnode(["put", "after", "1", "--node", cluster.worker(1)]);
      expect(put.code).toBe(0);
      const { code, stdout } = await runKvnode(["check", "--node", cluster.controller]);
      const sentence = "All 16 partitions are equal in all 48 copies: 20 keys.";
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(sentence) });
      expect(stdout).toMatch(/^worker2 +\S+ +0 +0 .* down$/m);
      expect(cluster.process.stderr()).toContain("NODE_ID=worker2");
    },
    2 * MINUTE,
  );

  test("a drain that has nowhere to go says so, and goes on without who waits for it", async () => {
    const waiting = startKvnode(["drain", "worker3", "--node", cluster.worker(4)]);
    await waitUntil(() => waiting.stderr().includes("it waits for another worker"), {
      what: "the reason",
    });
    expect(waiting.stderr()).toContain("each key is kept in 3 copies and 2 of the others can");
    waiting.kill("SIGINT");
    expect((await waiting.finished).code).not.toBe(0);
    const stateOf = async () =>
      (await statusOf(cluster)).workers.find(({ id }) => id === "worker3")?.status;
    expect(await stateOf()).toBe("draining");
    const undone = await runKvnode(["drain", "worker3", "--undo", "--node", cluster.controller]);
    expect(undone.code).toBe(0);
    expect(await stateOf()).toBe("up");
  });
});

describe("kvnode cluster --partitioned", () => {
  test(
    "ends whole, and leaves no directory of its controller behind",
    async () => {
      const ours = () => readdirSync(tmpdir()).filter((name) => name.startsWith("kvnode-cluster-"));
      const before = new Set(ours());
      const cluster = await startCluster(
        ["--partitioned", "--workers", "1", "--partitions", "4"],
        2,
      );
      expect(ours().filter((name) => !before.has(name)).length).toBeGreaterThan(0);
      expect(cluster.process.stdout()).toContain("a write is answered with 1 of them");
      const pids = [cluster.pidOf("controller"), cluster.pidOf("worker1")];
      expect(await cluster.stop()).toBe(0);
      expect(pids.map(isGone)).toEqual([true, true]);
      expect(ours().filter((name) => !before.has(name))).toEqual([]);
    },
    MINUTE,
  );

  test(
    "has everything again from its directory",
    async () => {
      const directory = `${makeDirectory()}/data`;
      const args = ["--partitioned", "--workers", "2", "--data-dir", directory];
      // A worker is known by its address too.
      const [port = 0] = freePorts(3);
      const first = await startCluster([...args, "--partitions", "4"], 3, port);
      expect((await runKvnode(["put", "kept", "1", "--node", first.worker(1)])).code).toBe(0);
      expect(await first.stop()).toBe(0);
      expect(existsSync(`${directory}/controller`)).toBe(true);

      const again = await startCluster(args, 3, port);
      expect(again.process.stdout()).toContain("4 partitions of 3 copies on 2 workers");
      const got = await runKvnode(["get", "kept", "--node", again.worker(2)]);
      expect(got).toMatchObject({ code: 0, stdout: "1\n" });
      expect(await again.stop()).toBe(0);
    },
    2 * MINUTE,
  );

  test(
    "on other ports the data of a cluster is refused with one sentence, soon",
    async () => {
      const args = ["--partitioned", "--workers", "2", "--replicas", "2"];
      args.push("--data-dir", makeDirectory());
      const first = await startCluster([...args, "--partitions", "4"], 3);
      expect(await first.stop()).toBe(0);
      const port = String(freePorts(3)[0]);
      const again = await runKvnode(["cluster", "--port", port, ...FAST, ...args]);
      expect(again.code).toBe(2);
      expect(again.stderr).toContain("The id worker");
      expect(again.stderr).toContain("give the --port of then");
    },
    MINUTE,
  );

  test(
    "refuses by name another number of partitions over an existing directory",
    async () => {
      const directory = `${makeDirectory()}/data`;
      const args = ["--partitioned", "--workers", "2", "--data-dir", directory];
      const first = await startCluster([...args, "--partitions", "4"], 3);
      await first.stop();
      const [port = 0] = freePorts(3);
      const again = await runKvnode([
        ...["cluster", "--port", String(port), ...args],
        ...["--partitions", "8"],
      ]);
      expect(again.code).not.toBe(0);
      expect(again.stderr).toMatch(/controller \| kvnode: .*PARTITIONS.*4/);
    },
    2 * MINUTE,
  );
});

describe("kvnode cluster --auto-failover", () => {
  test(
    "says who leads, and how long nobody could write when the leader is killed",
    async () => {
      const cluster = await startCluster(["--auto-failover"], 7);
      const said = () => cluster.process.stdout();
      expect(said()).toContain("one leader, 5 followers, and a controller");
      const leader = /^(worker\d) .* leader$/m.exec(said())?.[1] ?? "none";
      const other = leader === "worker1" ? 2 : 1;
      expect((await runKvnode(["put", "a", "1", "--node", cluster.worker(other)])).code).toBe(0);

      process.kill(cluster.pidOf(leader), "SIGKILL");
      await waitUntil(() => said().includes("without writes"), {
        what: "the time without writes",
        timeoutMs: 20_000,
      });
      const line =
        said()
          .split("\n")
          .find((each) => each.includes("without writes")) ?? "";
      const [, next, seconds] = /^(worker\d) leads now .*: ([\d.]+) s without/.exec(line) ?? [];
      expect(next).not.toBe(leader);
      // The time-out of 1.5 s and the check, and a second for the takeover.
      expect(Number(seconds)).toBeGreaterThan(0.5);
      expect(Number(seconds)).toBeLessThan(2.6);
      expect(line).toContain(`from the end of ${leader}'s process`);
      const got = await runKvnode(["get", "a", "--node", cluster.worker(other)]);
      expect(got).toMatchObject({ code: 0, stdout: "1\n" });
      expect(await cluster.stop()).toBe(0);
    },
    2 * MINUTE,
  );
});
