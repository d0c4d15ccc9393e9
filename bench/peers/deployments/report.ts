/** The rebuilt stores of two reports, with their simulated delays off, as ours are. */
import { join } from "node:path";
import { freePorts, HOST } from "../../cluster/node-process.ts";
import { PYTHON } from "../packages.ts";
import { type Deployment, type Place, REPLICAS } from "./deployment.ts";
import { askJson, PeerGroup } from "./peer-group.ts";

const SOURCES = join(import.meta.dir, "../reports");
const NO_DELAY = { MIN_DELAY: "0", MAX_DELAY: "0" };

interface Dialect {
  readonly name: string;
  readonly file: string;
  readonly library: string;
  /** How a node is told who it is, and how it is asked whether it is there. */
  readonly role: string;
  readonly alive: string;
  /** How the leader is told where a follower is. */
  follower(port: number): string;
  /** Undefined where only a new start changes it. */
  readonly quorumPath?: string;
}

const DIALECTS = {
  "000": {
    name: "report-000",
    file: "report_000.py",
    library: "Flask",
    role: "NODE_TYPE",
    alive: "/status",
    follower: (port) => `http://${HOST}:${port}`,
  },
  "002": {
    name: "report-002",
    file: "report_002.py",
    library: "aiohttp",
    role: "ROLE",
    alive: "/admin/store",
    follower: (port) => `${HOST}:${port}`,
    quorumPath: "/admin/set_quorum",
  },
} satisfies Record<string, Dialect>;

/** Resolves when every node answers. */
export async function startReport(
  report: keyof typeof DIALECTS,
  { logDirectory, quorum }: Place,
): Promise<Deployment> {
  const dialect: Dialect = DIALECTS[report];
  const [leaderPort = 0, ...followerPorts] = freePorts(REPLICAS + 1);
  const group = new PeerGroup(logDirectory);
  const leader = `${dialect.name}-leader`;
  const followers = followerPorts.map((_, index) => `${dialect.name}-follower${index + 1}`);
  const start = async (name: string, port: number, own: Record<string, string>) => {
    const environment = { ...NO_DELAY, PORT: String(port), ...own };
    await group.start({ name, words: [PYTHON, join(SOURCES, dialect.file)], environment });
  };
  const answers = (port: number) => async () => {
    await askJson(port, dialect.alive);
    return true;
  };
  const startLeader = async (writeQuorum: number) => {
    await start(leader, leaderPort, {
      [dialect.role]: "leader",
      FOLLOWERS: followerPorts.map((port) => dialect.follower(port)).join(","),
      WRITE_QUORUM: String(writeQuorum),
    });
    await group.until(`${leader} ready`, answers(leaderPort));
  };
  try {
    for (const [index, port] of followerPorts.entries()) {
      await start(followers[index] ?? "", port, { [dialect.role]: "follower" });
    }
    for (const port of followerPorts) {
      await group.until(`${dialect.name} ready`, answers(port));
    }
    await startLeader(quorum);
  } catch (error) {
    await group.stop();
    throw error;
  }
  let held = quorum;
  return {
    description:
      `report ${report} rebuilt on ${dialect.library}, 1 leader, ${REPLICAS} followers, ` +
      "its delays at zero",
    processIds: () => [leader, ...followers].map((name) => group.processId(name)),
    targets: async () => ({
      leader: { host: HOST, port: leaderPort },
      all: [leaderPort, ...followerPorts].map((port) => ({ host: HOST, port })),
    }),
    async setQuorum(wanted) {
      if (wanted === held) return;
      held = wanted;
      if (dialect.quorumPath !== undefined) {
        await askJson(leaderPort, dialect.quorumPath, { quorum: wanted });
        return;
      }
      await group.end(leader);
      await startLeader(wanted);
    },
    check: () => group.check(),
    stop: () => group.stop(),
  };
}
