/** The analysis as a person runs it: a real process that starts real nodes. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startGroup } from "../support/kvnode-process.ts";
import { waitUntil } from "../support/wait-until.ts";

const ROOT = resolve(import.meta.dir, "../..");
const SLOW_MS = 60_000;
const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

const scratch = await mkdtemp(join(tmpdir(), "kvnode-bench-"));
let directories = 0;

afterAll(() => rm(scratch, { recursive: true, force: true }));

function startBench(args: readonly string[]) {
  const out = join(scratch, String(directories++));
  const child = Bun.spawn(
    [process.execPath, "bench/quorum/main.ts", "--seed", "1", "--out", out, ...args],
    { cwd: ROOT, stdout: "pipe", stderr: "pipe" },
  );
  let stderr = "";
  const stdout = new Response(child.stdout).text();
  const heard = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) stderr += decoder.decode(chunk, { stream: true });
  })();
  const finished = (async () => {
    const code = await child.exited;
    await heard;
    return { code, stdout: await stdout, stderr };
  })();
  return { out, child, finished, stderr: () => stderr };
}

/** The nodes' processes, as the analysis names them at its start. */
function nodeIds(stderr: string): number[] {
  const [, ids = ""] = /processes ([\d ]+)/.exec(stderr) ?? [];
  return ids.split(" ").filter(Boolean).map(Number);
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}

async function rowsOf(directory: string, name: string): Promise<string[][]> {
  const text = await Bun.file(join(directory, name)).text();
  return text
    .trim()
    .split("\n")
    .map((line) => line.split(","));
}

async function expectPlots(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const png = await Bun.file(join(directory, `${name}.png`)).bytes();
    expect([...png.subarray(0, 8)]).toEqual(PNG_SIGNATURE);
    // An empty picture of this size would be a few kilobytes.
    expect(png.length).toBeGreaterThan(20_000);
    expect(await Bun.file(join(directory, `${name}.svg`)).text()).toStartWith("<svg");
  }
}

const ALL_PLOTS = ["latency", "distribution", "throughput", "staleness"];

describe("the quorum analysis", () => {
  test(
    "leaves tables and plots, finds all nodes equal, and ends its cluster",
    async () => {
      const bench = startBench(["--writes", "200", "--repeats", "1", "--quorums", "1,5"]);
      const { code, stdout, stderr } = await bench.finished;
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(stdout).toContain("All 6 nodes are equal");
      expect(code).toBe(0);

      const [head, ...runs] = await rowsOf(bench.out, "quorum.csv");
      const column = (name: string) => head?.indexOf(name) ?? -1;
      expect(runs.map((run) => run[column("quorum")]).sort()).toEqual(["1", "5"]);
      for (const run of runs) {
        expect(run[column("success")]).toBe("200");
        expect(run[column("failures")]).toBe("0");
        expect(run[column("nodes_equal")]).toBe("true");
        const acknowledgements = Number(run[column("acknowledgements_mean")]);
        expect(acknowledgements).toBeGreaterThanOrEqual(Number(run[column("quorum")]));
        // No write can be answered sooner than the network's shortest delay.
        expect(Number(run[column("p50_ms")])).toBeGreaterThan(0.1);
      }
      const latencies = await rowsOf(bench.out, "latencies.csv");
      expect(latencies[0]).toEqual(["quorum", "repeat", "latency_ms"]);
      expect(latencies.length).toBe(1 + 2 * 200);
      const series = await rowsOf(bench.out, "series.csv");
      const kinds = series.slice(1).map(([name]) => name ?? "");
      expect(kinds.sort()).toEqual(["few-clients", "few-clients", "no-delay"]);
      const stale = await rowsOf(bench.out, "stale.csv");
      const ofFive = stale.filter(([quorum]) => quorum === "5");
      expect(ofFive.length).toBeGreaterThan(0);
      // Once all five have confirmed, no follower can give an older version.
      expect(ofFive.map((row) => row[stale[0]?.indexOf("stale") ?? -1])).toEqual(
        ofFive.map(() => "0"),
      );
      await expectPlots(bench.out, ALL_PLOTS);
      const summary = await Bun.file(join(bench.out, "summary.md")).text();
      expect(summary).toContain("200 writes without one failure and 6 equal nodes");
      expect(summary).not.toContain("Ended early");

      const ids = nodeIds(stderr);
      expect(ids.length).toBe(6);
      expect(ids.filter(isAlive)).toEqual([]);
    },
    SLOW_MS,
  );

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(
      `leaves the results so far and no process after ${signal} in the middle`,
      async () => {
        const bench = startBench(["--writes", "200", "--repeats", "500", "--stale-reads", "0"]);
        const stepsDone = () => bench.stderr().match(/, 15 clients, .* writes\/s/g)?.length ?? 0;
        await waitUntil(() => stepsDone() >= 3, { what: "three runs", timeoutMs: 30_000 });
        bench.child.kill(signal);
        const { code, stderr } = await bench.finished;
        expect(code).toBe(130);
        const runs = (await rowsOf(bench.out, "quorum.csv")).slice(1);
        expect(runs.length).toBeGreaterThanOrEqual(3);
        expect(runs.length).toBeLessThan(500);
        await expectPlots(bench.out, ["latency", "distribution", "throughput"]);
        expect(await Bun.file(join(bench.out, "summary.md")).text()).toContain("Ended early");
        expect(nodeIds(stderr).filter(isAlive)).toEqual([]);
      },
      SLOW_MS,
    );
  }

  test(
    "leaves no process even when it is killed",
    async () => {
      const bench = startBench(["--writes", "200", "--repeats", "500"]);
      await waitUntil(() => bench.stderr().includes("writes/s"), {
        what: "the first run",
        timeoutMs: 30_000,
      });
      const ids = nodeIds(bench.stderr());
      expect(ids.filter(isAlive).length).toBe(6);
      bench.child.kill("SIGKILL");
      await bench.finished;
      await waitUntil(() => ids.filter(isAlive).length === 0, { what: "the nodes' ends" });
    },
    SLOW_MS,
  );

  test(
    "measures a running cluster and leaves its settings as they were",
    async () => {
      const group = await startGroup({
        followers: 2,
        env: { WRITE_QUORUM: "1", MIN_DELAY: "0.2ms", MAX_DELAY: "0.7ms" },
      });
      const config = async () => (await fetch(`${group.leader.url}/config`)).json();
      const before = await config();
      const args = ["--writes", "100", "--repeats", "1", "--quorums", "0,2"];
      const bench = startBench([...args, "--target", group.leader.url]);
      const { code, stdout, stderr } = await bench.finished;
      expect(stdout + stderr).toContain("All 3 nodes are equal");
      expect(code).toBe(0);
      expect(await config()).toEqual(before);
      const summary = await Bun.file(join(bench.out, "summary.md")).text();
      expect(summary).toContain("2 followers, simulated network 0.2–0.7 ms");

      const atFollower = startBench([...args, "--target", group.followers[0]?.url ?? ""]);
      const refused = await atFollower.finished;
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain(`give the leader's address, which is ${group.leader.url}`);
      const tooMany = startBench(["--quorums", "3", "--target", group.leader.url]);
      const { code: usage, stderr: why } = await tooMany.finished;
      expect(usage).toBe(2);
      expect(why).toContain("the cluster has 2 followers");
      await group.stop();
    },
    SLOW_MS,
  );
});

describe("a bad option ends with one sentence and exit code 2", () => {
  const table: { args: string[]; says: string }[] = [
    { args: ["--writes", "0"], says: "--writes" },
    { args: ["--writes", "2.5"], says: "allowed is a whole number from 1" },
    { args: ["--writes"], says: "argument missing" },
    { args: ["--quorums", "1,6"], says: "there are 5 followers" },
    { args: ["--quorums", "-1"], says: "whole number" },
    { args: ["--quorums", ""], says: "whole number" },
    { args: ["--min-delay", "2ms", "--max-delay", "1ms"], says: "must not be longer" },
    { args: ["--min-delay", "0.0001"], says: "seconds" },
    { args: ["--max-delay", "soon"], says: "duration" },
    { args: ["--target", "nowhere"], says: "port is missing" },
    { args: ["--followers", "127.0.0.1:5001"], says: "--target" },
    { args: ["--wirtes", "10"], says: "unknown option" },
    { args: ["10"], says: "argument" },
  ];
  for (const { args, says } of table) {
    test(args.join(" "), async () => {
      const bench = startBench(args);
      const { code, stdout, stderr } = await bench.finished;
      expect(stderr).toContain(says);
      expect(stderr.trim().split("\n").length).toBe(1);
      expect(stdout).toBe("");
      expect(code).toBe(2);
      expect(await readdir(scratch)).not.toContain(bench.out.split("/").at(-1) ?? "");
    });
  }

  test("nobody at the target's address is one sentence too, with exit code 1", async () => {
    const bench = startBench(["--target", "127.0.0.1:1"]);
    const { code, stderr } = await bench.finished;
    expect(stderr.trim()).toBe(
      "http://127.0.0.1:1 gives no answer to /status?data=false: is it a running kvnode?",
    );
    expect(code).toBe(1);
  });
});
