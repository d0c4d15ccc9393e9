/** A partitioned cluster as processes of their own, which end and come back one by one. */
import { freePorts } from "../support/free-port.ts";
import { type GroupNode, startNode } from "../support/kvnode-process.ts";
import { waitUntil } from "../support/wait-until.ts";

export interface Cluster {
  /** URL of the controller. */
  readonly url: string;
  /** Ids of the workers. */
  readonly ids: readonly string[];
  /** Ends a node at once, as a power cut does; resolves when it is gone. */
  kill(id: string): Promise<void>;
  /** Starts it again, with its settings and what is in its directory. */
  restart(id: string): void;
  /** Resolves when every partition is served with all its copies. */
  allWell(): Promise<void>;
  stop(): Promise<void>;
}

/** So that who is gone is missed within two seconds. */
const FAST = {
  HEARTBEAT_INTERVAL: "250ms",
  HEARTBEAT_TIMEOUT: "1500ms",
  CHECK_INTERVAL: "100ms",
};

/** Starts a controller and its workers; resolves when all partitions are placed. */
export async function startCluster(options: {
  readonly workers: number;
  readonly partitions: number;
  readonly makeDirectory: () => string;
}): Promise<Cluster> {
  const { workers, partitions, makeDirectory } = options;
  const [port = 0, ...workerPorts] = freePorts(workers + 1);
  const url = `http://127.0.0.1:${port}`;
  const addresses = workerPorts.map((each) => `http://127.0.0.1:${each}`);
  const common = { HOST: "127.0.0.1", LOG_FORMAT: "json", ...FAST };
  const nodes = new Map<string, GroupNode>();
  const start = (env: Readonly<Record<string, string>>) => {
    const node = startNode({ ...common, ...env, DATA_DIR: makeDirectory() });
    nodes.set(node.id, node);
  };
  start({
    ROLE: "controller",
    NODE_ID: "controller",
    PORT: String(port),
    PARTITIONS: String(partitions),
    WORKERS: addresses.join(","),
  });
  const ids = workerPorts.map((each, index) => {
    const id = `worker${index + 1}`;
    start({ ROLE: "worker", NODE_ID: id, PORT: String(each), CONTROLLER: url });
    return id;
  });
  const nodeOf = (id: string): GroupNode => {
    const node = nodes.get(id);
    if (node === undefined) throw new Error(`there is no node ${id}`);
    return node;
  };
  const cluster: Cluster = {
    url,
    ids,
    async kill(id) {
      nodeOf(id).kill("SIGKILL");
      await nodeOf(id).finished;
    },
    restart(id) {
      nodes.set(id, startNode(nodeOf(id).env));
    },
    async allWell() {
      await waitUntil(() => isWell(url), { what: "all partitions to be ok", timeoutMs: 20_000 });
    },
    async stop() {
      for (const node of nodes.values()) node.kill("SIGKILL");
      await Promise.all([...nodes.values()].map((node) => node.finished));
    },
  };
  await cluster.allWell();
  return cluster;
}

async function isWell(url: string): Promise<boolean> {
  const { partitions } = (await (await fetch(`${url}/status`)).json()) as {
    partitions: readonly { readonly state: string }[];
  };
  return partitions.length > 0 && partitions.every(({ state }) => state === "ok");
}
