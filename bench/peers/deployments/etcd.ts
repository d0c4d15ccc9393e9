/** etcd with its defaults: each member writes its log to disk before it confirms. */
import { join } from "node:path";
import { freePorts, HOST } from "../../cluster/node-process.ts";
import { BenchError } from "../../quorum/bench-error.ts";
import type { Deployment, Place, Target } from "./deployment.ts";
import { askJson, PeerGroup } from "./peer-group.ts";

/** 8 GiB: with the default of 2 the large values of many rounds would stop it. */
const QUOTA_BYTES = 8 * 2 ** 30;

interface MemberStatus {
  readonly header: { readonly member_id: string };
  readonly leader?: string;
}

/** Resolves when all members agree on a leader. */
export async function startEtcd(members: number, place: Place): Promise<Deployment> {
  const ports = freePorts(2 * members);
  const clientPorts = ports.slice(0, members);
  const names = clientPorts.map((_, index) => `etcd${members}-${index + 1}`);
  const peerUrl = (index: number) => `http://${HOST}:${ports[members + index]}`;
  const cluster = names.map((name, index) => `${name}=${peerUrl(index)}`).join(",");
  const group = new PeerGroup(place.logDirectory);
  const leader = async () => leaderOf(await Promise.all(clientPorts.map(statusOf)));
  try {
    for (const [index, port] of clientPorts.entries()) {
      const name = names[index] ?? "";
      const url = `http://${HOST}:${port}`;
      await group.start({
        name,
        words: [
          ...["etcd", "--name", name, "--data-dir", join(place.directory, name)],
          ...["--listen-client-urls", url, "--advertise-client-urls", url],
          ...["--listen-peer-urls", peerUrl(index)],
          ...["--initial-advertise-peer-urls", peerUrl(index)],
          ...["--initial-cluster", cluster, "--initial-cluster-state", "new"],
          ...["--initial-cluster-token", `bench-${clientPorts[0]}`],
          ...["--quota-backend-bytes", String(QUOTA_BYTES)],
          ...["--logger", "zap", "--log-level", "error"],
        ],
      });
    }
    await group.until(`etcd with ${members} members ready`, async () => {
      return (await leader()) !== undefined;
    });
  } catch (error) {
    await group.stop();
    throw error;
  }
  const all = clientPorts.map((port): Target => ({ host: HOST, port }));
  let leads = 0;
  const targets = async () => {
    const index = await leader();
    if (index === undefined) throw new BenchError(`etcd with ${members} members has no leader.`);
    leads = index;
    return { leader: all[index] ?? { host: HOST, port: 0 }, all };
  };
  await targets();
  return {
    description: `${await version()}, ${members} members on disk, a majority confirms`,
    processIds: () => {
      const ids = names.map((name) => group.processId(name));
      return [...ids.slice(leads), ...ids.slice(0, leads)];
    },
    targets,
    // A majority, the leader included, whatever is asked.
    setQuorum: async () => {},
    check: () => group.check(),
    stop: () => group.stop(),
  };
}

async function statusOf(port: number): Promise<MemberStatus> {
  return (await askJson(port, "/v3/maintenance/status", {})) as MemberStatus;
}

/** The place of the member that every one of them names; undefined where they do not agree. */
function leaderOf(members: readonly MemberStatus[]): number | undefined {
  const named = new Set(members.map((member) => member.leader ?? "0"));
  const [leader] = named;
  const index = members.findIndex(({ header }) => header.member_id === leader);
  return named.size === 1 && index >= 0 ? index : undefined;
}

async function version(): Promise<string> {
  const text = await Bun.$`etcd --version`.quiet().text();
  return `etcd ${/etcd Version: (\S+)/.exec(text)?.[1] ?? "of an unknown version"}`;
}
