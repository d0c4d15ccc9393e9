/** The analysis's own cluster: one leader and its followers, each a process of the executable. */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Subprocess } from "bun";
import { STOP_WITH_STDIN } from "../../src/cli/stop-with-stdin.ts";
import { SETTINGS, settingNames } from "../../src/config/table.ts";
import { BenchError } from "./bench-error.ts";

const ROOT = resolve(import.meta.dir, "../..");
const EXECUTABLE = join(ROOT, "dist/kvnode");
const HOST = "127.0.0.1";
/** Above 32767 the system hands ports to outgoing connections, such as the driver's own. */
const PORT_LOWEST = 15_000;
const PORT_HIGHEST = 32_000;
const READY_MS_MAX = 20_000;
const STOP_MS_MAX = 4_000;
const POLL_MS = 20;

export interface OwnClusterOptions {
  readonly followers: number;
  readonly writeQuorum: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  /** Where each node's log goes, a file a node. */
  readonly logDirectory: string;
}

export interface OwnCluster {
  readonly leader: string;
  readonly followers: readonly string[];
  /** The nodes' processes, the leader's last. */
  readonly processIds: readonly number[];
  /** SIGTERM to every node, and waits for their ends; kills one that does not. */
  stop(): Promise<void>;
}

interface Node {
  readonly name: string;
  readonly process: Subprocess<"pipe", Bun.BunFile, Bun.BunFile>;
  readonly log: string;
}

/** The command of a node: what KVNODE_BINARY names, else the built executable, else the sources. */
export function nodeCommand(): { words: readonly string[]; name: string } {
  const named = process.env.KVNODE_BINARY;
  if (named) return { words: [resolve(named), "serve"], name: named };
  if (existsSync(EXECUTABLE)) return { words: [EXECUTABLE, "serve"], name: "dist/kvnode" };
  const source = join(ROOT, "src/main.ts");
  return { words: [process.execPath, source, "serve"], name: "bun src/main.ts (not compiled)" };
}

/** Starts the nodes and returns when the leader is ready; throws BenchError if it never is. */
export async function startOwnCluster(options: OwnClusterOptions): Promise<OwnCluster> {
  await mkdir(options.logDirectory, { recursive: true });
  const [leaderPort = 0, ...followerPorts] = freePorts(options.followers + 1);
  const followers = followerPorts.map((port) => `http://${HOST}:${port}`);
  const leader = `http://${HOST}:${leaderPort}`;
  const nodes: Node[] = [];
  const start = (name: string, own: Record<string, string>) =>
    nodes.push(startNode(name, { ...commonEnvironment(options), ...own, NODE_ID: name }, options));
  const killAll = () => {
    for (const node of nodes) node.process.kill("SIGKILL");
  };
  // The last resort: whatever ends this process, its nodes end with it.
  process.on("exit", killAll);
  for (const [index, port] of followerPorts.entries()) {
    start(`follower${index + 1}`, { ROLE: "follower", PORT: String(port) });
  }
  start("leader", { ROLE: "leader", PORT: String(leaderPort), FOLLOWERS: followers.join(",") });
  const stop = async () => {
    await stopNodes(nodes);
    process.off("exit", killAll);
  };
  try {
    await waitUntilReady(leader, nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  return { leader, followers, processIds: nodes.map((node) => node.process.pid), stop };
}

function commonEnvironment(options: OwnClusterOptions): Record<string, string> {
  return {
    HOST,
    WRITE_QUORUM: String(options.writeQuorum),
    MIN_DELAY: `${options.minDelayMs}ms`,
    MAX_DELAY: `${options.maxDelayMs}ms`,
    LOG_LEVEL: "warn",
    LOG_FORMAT: "json",
    // The node stops when its standard input closes, which the system does also after a SIGKILL.
    [STOP_WITH_STDIN]: "1",
  };
}

function startNode(name: string, own: Record<string, string>, options: OwnClusterOptions): Node {
  const log = join(options.logDirectory, `${name}.log`);
  const environment: Record<string, string | undefined> = { ...process.env };
  // A setting in the shell of the person who measures must not change what is measured.
  for (const setting of settingNames()) {
    for (const name of [setting, ...SETTINGS[setting].aliases]) delete environment[name];
  }
  const child = Bun.spawn([...nodeCommand().words], {
    env: { ...environment, ...own },
    stdin: "pipe",
    stdout: Bun.file(log),
    stderr: Bun.file(`${log}.stderr`),
    // A group of its own: Ctrl-C reaches the analysis alone, which writes its results and then
    // stops the nodes.
    detached: true,
  });
  return { name, process: child, log };
}

async function waitUntilReady(leader: string, nodes: readonly Node[]): Promise<void> {
  const deadline = performance.now() + READY_MS_MAX;
  for (;;) {
    const ended = nodes.find((node) => node.process.exitCode !== null);
    if (ended !== undefined) {
      throw new BenchError(`The node ${ended.name} ended at its start: ${await lastWords(ended)}`);
    }
    if (await isReady(leader)) return;
    if (performance.now() > deadline) {
      throw new BenchError(
        `The cluster was not ready within ${READY_MS_MAX / 1000} s; see ${nodes.at(-1)?.log}.`,
      );
    }
    await Bun.sleep(POLL_MS);
  }
}

async function isReady(leader: string): Promise<boolean> {
  try {
    const response = await fetch(`${leader}/ready`, { signal: AbortSignal.timeout(1_000) });
    if (!response.ok) return false;
    const status = await fetch(`${leader}/status?data=false`);
    const { followers } = (await status.json()) as { followers: { synced: boolean }[] };
    // Ready means the quorum; a measurement starts when every follower is there.
    return followers.every(({ synced }) => synced);
  } catch {
    return false;
  }
}

async function lastWords(node: Node): Promise<string> {
  const texts = await Promise.all(
    [`${node.log}.stderr`, node.log].map(async (path) => (await Bun.file(path).text()).trim()),
  );
  const lines = texts.flatMap((text) => text.split("\n")).filter((line) => line !== "");
  return lines[0] ?? `it said nothing (exit code ${node.process.exitCode}).`;
}

async function stopNodes(nodes: readonly Node[]): Promise<void> {
  for (const node of nodes) node.process.kill("SIGTERM");
  const ends = Promise.all(nodes.map((node) => node.process.exited));
  const late = setTimeout(() => {
    for (const node of nodes) node.process.kill("SIGKILL");
  }, STOP_MS_MAX);
  await ends;
  clearTimeout(late);
}

/** Ports that follow one another and on which nobody listens now. */
function freePorts(count: number): number[] {
  for (let attempt = 0; attempt < 200; attempt++) {
    const first = PORT_LOWEST + Math.floor(Math.random() * (PORT_HIGHEST - PORT_LOWEST - count));
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if (ports.every(isFree)) return ports;
  }
  throw new BenchError(`Found no ${count} free ports from ${PORT_LOWEST} to ${PORT_HIGHEST}.`);
}

function isFree(port: number): boolean {
  try {
    Bun.listen({ hostname: HOST, port, socket: { data() {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}
