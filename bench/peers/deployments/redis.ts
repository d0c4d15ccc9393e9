/** Redis: one master and five replicas in memory, without snapshots and append-only file. */
import { freePorts, HOST } from "../../cluster/node-process.ts";
import { BenchError } from "../../quorum/bench-error.ts";
import { type Deployment, type Place, REPLICAS } from "./deployment.ts";
import { PeerGroup } from "./peer-group.ts";

const CALL_MS_MAX = 2_000;

/** Resolves when every replica follows the master. */
export async function startRedis({ directory, logDirectory }: Place): Promise<Deployment> {
  const ports = freePorts(REPLICAS + 1);
  const [master = 0] = ports;
  const group = new PeerGroup(logDirectory);
  const names = ports.map((_, index) => (index === 0 ? "redis-master" : `redis-replica${index}`));
  try {
    for (const [index, port] of ports.entries()) {
      await group.start({
        name: names[index] ?? "",
        words: [
          ...["redis-server", "--bind", HOST, "--port", String(port), "--dir", directory],
          ...["--save", "", "--appendonly", "no", "--dbfilename", `${port}.rdb`],
          // The replicas come at once instead of after five seconds.
          ...["--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0"],
          ...(index === 0 ? [] : ["--replicaof", HOST, String(master)]),
        ],
      });
    }
    await group.until("Redis and its replicas ready", async () => {
      return (await waitReply(master)) === `:${REPLICAS}`;
    });
  } catch (error) {
    await group.stop();
    throw error;
  }
  const all = ports.map((port) => ({ host: HOST, port }));
  return {
    description: `${await version()}, 1 master, ${REPLICAS} replicas, appendonly off, save off`,
    processIds: () => names.map((name) => group.processId(name)),
    targets: async () => ({ leader: { host: HOST, port: master }, all }),
    // Each write's own WAIT says it.
    setQuorum: async () => {},
    check: () => group.check(),
    stop: () => group.stop(),
  };
}

/** What the master answers to WAIT for all replicas behind a write. */
async function waitReply(port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = "";
  const socket = await Bun.connect({
    hostname: HOST,
    port,
    socket: {
      data(_, chunk) {
        text += chunk.toString();
        const lines = text.split("\r\n");
        // The reply to SET, the reply to WAIT, and what stands behind its end.
        if (lines.length >= 3) resolve(lines[1] ?? "");
      },
      close: () => reject(new BenchError("Redis closed the connection.")),
      error: (_, error) => reject(error),
    },
  });
  const late = setTimeout(() => reject(new BenchError("Redis does not answer.")), CALL_MS_MAX);
  try {
    socket.write(`SET ready 1\r\nWAIT ${REPLICAS} 100\r\n`);
    return await promise;
  } finally {
    clearTimeout(late);
    socket.end();
  }
}

async function version(): Promise<string> {
  const text = await Bun.$`redis-server --version`.quiet().text();
  return `Redis ${/v=(\S+)/.exec(text)?.[1] ?? "of an unknown version"}`;
}
