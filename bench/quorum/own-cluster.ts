/** The analysis's own cluster: one leader and its followers, each a process of the executable. */
import { join } from "node:path";
import {
  checkRunning,
  freePorts,
  HOST,
  killNodes,
  type NodeProcess,
  startNode,
  stopNodes,
} from "../cluster/node-process.ts";
import { BenchError } from "./bench-error.ts";

const READY_MS_MAX = 20_000;
const POLL_MS = 20;

export interface OwnClusterOptions {
  readonly followers: number;
  readonly writeQuorum: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  /** Where each node's log goes, a file a node. */
  readonly logDirectory: string;
  /** Each node's disk is a directory of its name in here; none: in memory. */
  readonly dataDirectory?: string | undefined;
  /** What the nodes run; default: as `nodeCommand` says. */
  readonly executable?: string;
  /** Beyond these and over them, for the leader's process alone. */
  readonly leaderSettings?: Readonly<Record<string, string>>;
}

export interface OwnCluster {
  readonly leader: string;
  readonly followers: readonly string[];
  /** The nodes' processes, the leader's last. */
  readonly processIds: readonly number[];
  /** Throws BenchError with a node's own sentence where one has ended. */
  check(): Promise<void>;
  /** SIGTERM to every node, and waits for their ends; kills one that does not. */
  stop(): Promise<void>;
}

/** Starts the nodes and returns when the leader is ready; throws BenchError if it never is. */
export async function startOwnCluster(options: OwnClusterOptions): Promise<OwnCluster> {
  const [leaderPort = 0, ...followerPorts] = freePorts(options.followers + 1);
  const followers = followerPorts.map((port) => `http://${HOST}:${port}`);
  const leader = `http://${HOST}:${leaderPort}`;
  const nodes: NodeProcess[] = [];
  const start = async (name: string, own: Record<string, string>) => {
    const settings = { ...commonSettings(options, name), ...own };
    nodes.push(await startNode(name, settings, options.logDirectory, options.executable));
  };
  const killAll = () => killNodes(nodes);
  // The last resort: whatever ends this process, its nodes end with it.
  process.on("exit", killAll);
  const stop = async () => {
    await stopNodes(nodes);
    process.off("exit", killAll);
  };
  try {
    for (const [index, port] of followerPorts.entries()) {
      await start(`follower${index + 1}`, { ROLE: "follower", PORT: String(port) });
    }
    const members = followers.join(",");
    const role = { ROLE: "leader", PORT: String(leaderPort), FOLLOWERS: members };
    await start("leader", { ...role, ...options.leaderSettings });
    await waitUntilReady(leader, nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  const processIds = nodes.map((node) => node.process.pid);
  return { leader, followers, processIds, check: () => checkRunning(nodes), stop };
}

function commonSettings(options: OwnClusterOptions, name: string): Record<string, string> {
  const { dataDirectory } = options;
  return {
    WRITE_QUORUM: String(options.writeQuorum),
    MIN_DELAY: `${options.minDelayMs}ms`,
    MAX_DELAY: `${options.maxDelayMs}ms`,
    ...(dataDirectory === undefined ? {} : { DATA_DIR: join(dataDirectory, name) }),
  };
}

async function waitUntilReady(leader: string, nodes: readonly NodeProcess[]): Promise<void> {
  const deadline = performance.now() + READY_MS_MAX;
  for (;;) {
    await checkRunning(nodes);
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
