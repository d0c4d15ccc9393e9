/** `kvnode cluster`: a whole cluster on this machine, as child processes of this one. */
import { dirname } from "node:path";
import { type Command, Option } from "commander";
import { formatDuration } from "../base/duration.ts";
import { FOLLOWERS_MAX } from "../config/address.ts";
import { addExamples, parseCount } from "./client-options.ts";
import { CommandError, EXIT } from "./exit-code.ts";
import { ChildNode } from "./local-cluster/child-node.ts";
import { showLogLine } from "./local-cluster/log-lines.ts";
import { type ClusterPlan, planCluster, settingsOf } from "./local-cluster/plan.ts";
import { nameForPeople } from "./local-cluster/self-command.ts";
import { findTakenPorts } from "./local-cluster/taken-ports.ts";
import { colors, printLine, printNote, printTable } from "./output.ts";

interface ClusterFlags {
  readonly followers: number;
  readonly port: number;
  readonly host: string;
  readonly minDelay?: string;
  readonly maxDelay?: string;
  readonly writeQuorum?: string;
  readonly replicationTimeout?: string;
  readonly dataDir?: string;
  readonly logLevel?: string;
  readonly verbose?: boolean;
}

const READY_POLL_MS = 20;
const READY_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 5_000;

/** Adds the command to the program. */
export function addCluster(program: Command): void {
  const command = program
    .command("cluster")
    .summary("a leader and its followers on this machine")
    .description(
      "Starts a leader and its followers as processes of this machine, and stops them all at " +
        "Ctrl-C. A node that you stop by hand stays stopped; the others go on. With --data-dir " +
        "they keep what they hold on disk, and the same command starts them with it again.",
    )
    .option("--followers <count>", "how many followers", parseCount(0, FOLLOWERS_MAX), 5)
    .option(
      "--port <port>",
      "the leader's; followers take the next ones",
      parseCount(1, 65_535),
      5000,
    )
    .option("--host <host>", "the interface to listen on", "127.0.0.1")
    .addOption(new Option("--write-quorum <count>", "followers that confirm a write (default: 3)"))
    .addOption(new Option("--min-delay <duration>", "shortest network delay (default: 0.1ms)"))
    .addOption(new Option("--max-delay <duration>", "longest network delay (default: 1ms)"))
    .addOption(
      new Option("--replication-timeout <duration>", "then a write is indeterminate (default: 2s)"),
    )
    .addOption(
      new Option(
        "--data-dir <directory>",
        "where each node keeps its data, in a directory of its own (default: in memory)",
      ),
    )
    .addOption(new Option("--log-level <level>", "of the nodes (default: info)"))
    .option("--verbose", "show every log line of the nodes, not only warnings and errors")
    .action(cluster);
  addExamples(command, [
    "kvnode cluster",
    "kvnode cluster --write-quorum 5 --max-delay 20ms",
    "kvnode cluster --data-dir ./data",
    "kvnode cluster --followers 2 --port 6000 --verbose",
  ]);
}

async function cluster(flags: ClusterFlags): Promise<void> {
  const plan = planCluster(
    {
      followers: flags.followers,
      port: flags.port,
      host: flags.host,
      settings: {
        WRITE_QUORUM: flags.writeQuorum,
        MIN_DELAY: flags.minDelay,
        MAX_DELAY: flags.maxDelay,
        REPLICATION_TIMEOUT: flags.replicationTimeout,
        DATA_DIR: flags.dataDir,
        LOG_LEVEL: flags.logLevel,
      },
    },
    process.env,
  );
  refuseTakenPorts(plan, flags.host);
  await new LocalCluster(plan, flags.verbose ?? false).run();
}

function refuseTakenPorts({ leader, followers }: ClusterPlan, host: string): void {
  const taken = findTakenPorts(
    host,
    [leader, ...followers].map(({ port }) => port),
  );
  const [first] = taken;
  if (first === undefined) return;
  if (first.reason !== "EADDRINUSE") {
    throw new CommandError(`Can't listen on ${host}:${first.port} (${first.reason}).`, EXIT.usage);
  }
  const ports = taken.map(({ port }) => port).join(", ");
  throw new CommandError(
    `Something listens on port ${ports} already: stop it, or take other ports with --port ` +
      `${leader.port + 1000}.`,
    EXIT.usage,
  );
}

/** The life of a cluster: all nodes start, and it ends with the last of them. */
class LocalCluster {
  readonly #plan: ClusterPlan;
  readonly #nodes: readonly ChildNode[];
  readonly #stopAsked: Promise<void>;
  #stopping = false;
  #ready = false;

  constructor(plan: ClusterPlan, verbose: boolean) {
    this.#plan = plan;
    this.#stopAsked = this.#catchSignals();
    const takeLine = (node: string, line: string): void => {
      // That nodes lose one another while all of them stop is no news.
      const shown = verbose ? "everything" : this.#stopping ? "errors" : "warnings";
      const text = showLogLine(node, line, shown);
      if (text !== undefined) process.stderr.write(`${text}\n`);
    };
    // Followers first: a leader that finds them listening is ready a moment sooner.
    const [leader, ...followers] = [plan.leader, ...plan.followers];
    const started = [...followers, leader].map((node) => new ChildNode(node, takeLine));
    this.#nodes = [...started.slice(-1), ...started.slice(0, -1)];
    for (const node of this.#nodes) void this.#announceEnd(node);
  }

  /** Resolves when every node has been stopped as asked; rejects when all ended by themselves. */
  async run(): Promise<void> {
    const allEnded = Promise.all(this.#nodes.map(({ ended }) => ended));
    void this.#announceReady();
    const first = await Promise.race([
      this.#stopAsked.then(() => "stop" as const),
      allEnded.then(() => "ended" as const),
    ]);
    if (first === "ended") throw new CommandError("Every node has ended.", EXIT.no);
    const killer = setTimeout(() => this.#signalAll("SIGKILL"), STOP_TIMEOUT_MS);
    this.#signalAll("SIGTERM");
    await allEnded;
    clearTimeout(killer);
    printNote("kvnode cluster: all nodes are stopped.");
  }

  /** The first signal asks the nodes to finish, a second one does not wait for them. */
  #catchSignals(): Promise<void> {
    return new Promise((resolve) => {
      const stop = (): void => {
        if (this.#stopping) this.#signalAll("SIGKILL");
        this.#stopping = true;
        resolve();
      };
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
    });
  }

  #signalAll(signal: NodeJS.Signals): void {
    for (const node of this.#nodes) node.signal(signal);
  }

  async #announceReady(): Promise<void> {
    const { address } = this.#plan.leader;
    const deadline = performance.now() + READY_TIMEOUT_MS;
    let reason = "it does not answer";
    while (!this.#stopping && this.#nodes[0]?.running) {
      try {
        const reply = await fetch(`${address}/ready`, { signal: AbortSignal.timeout(1_000) });
        if (reply.ok) {
          this.#ready = true;
          return printWelcome(this.#plan, this.#nodes);
        }
        reason = String(((await reply.json()) as { reason?: unknown }).reason ?? reply.status);
      } catch {
        // Not listening yet.
      }
      if (performance.now() > deadline) {
        return printNote(
          `kvnode cluster: the leader is not ready yet (${reason}); it goes on trying.`,
        );
      }
      await Bun.sleep(READY_POLL_MS);
    }
  }

  async #announceEnd(node: ChildNode): Promise<void> {
    const { code, signal } = await node.ended;
    if (this.#stopping) return;
    const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
    const others = this.#ready ? " The others go on." : "";
    printNote(
      `${colors.yellow(node.plan.id)} (process ${node.pid}) has ended ${how}.${others} ` +
        `To start it again: ${settingsOf(node.plan)} ${nameForPeople()} serve`,
    );
  }
}

function printWelcome({ leader, settings }: ClusterPlan, nodes: readonly ChildNode[]): void {
  const { writeQuorum, minDelayMs, maxDelayMs, followers, dataDirectory } = settings;
  const kept = dataDirectory === undefined ? "in memory" : `data in ${dirname(dataDirectory)}`;
  const program = nameForPeople();
  const at = leader.port === 5000 ? "" : ` --node ${leader.address}`;
  const other = nodes[2] ?? nodes[1] ?? nodes[0];
  printLine(
    `${colors.bold("kvnode cluster")}: write quorum ${writeQuorum} of ${followers.length}, delay ` +
      `${formatDuration(minDelayMs)} to ${formatDuration(maxDelayMs)}, ${kept}\n`,
  );
  printTable(
    ["NODE", "ADDRESS", "PROCESS"],
    nodes.map(({ plan, pid }) => [plan.id, plan.address, String(pid)]),
  );
  const put = `curl -X PUT ${leader.address}/kv/greeting -H 'content-type: application/json'`;
  printLine(`
Try from another terminal:
  ${put} -d '{"value":"hello"}'
  curl ${other?.plan.address}/kv/greeting
  ${program} status${at}
  kill ${other?.pid}    # stops ${other?.plan.id}; the others go on
  ${program} check${at}
Every call, described: ${leader.address}/swagger
Ctrl-C stops all nodes.`);
}
