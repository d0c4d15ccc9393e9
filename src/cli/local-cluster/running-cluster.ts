/** The life of a local cluster: all nodes start, and it ends with the last of them. */
import { CommandError, EXIT } from "../exit-code.ts";
import { colors, printNote } from "../output.ts";
import { type ChildEnd, ChildNode } from "./child-node.ts";
import { showLogLine } from "./log-lines.ts";
import { type NodePlan, settingsOf } from "./node-plan.ts";
import { nameForPeople } from "./self-command.ts";

const READY_POLL_MS = 20;
const ASK_TIMEOUT_MS = 1_000;
const STOP_TIMEOUT_MS = 5_000;
const HOPELESS_POLL_MS = 500;

export interface RunningClusterOptions {
  /** In the order in which people see them. */
  readonly nodes: readonly NodePlan[];
  /** Who starts last, as it looks for the others at once; one of the nodes. */
  readonly last?: NodePlan;
  /** Those who say by /ready that the cluster can be used. */
  readonly awaited: readonly NodePlan[];
  readonly readyTimeoutMs: number;
  /** Every log line of the nodes, not only warnings and errors. */
  readonly verbose: boolean;
  /** Why it will never be ready, if that is so; asked now and then until it is. */
  readonly hopeless?: () => Promise<string | undefined>;
  /** How the nodes' log lines are shown once the cluster is ready; default: showLogLine. */
  readonly showLine?: typeof showLogLine;
}

/** Starts the nodes when it is made. */
export class RunningCluster {
  readonly nodes: readonly ChildNode[];
  readonly #options: RunningClusterOptions;
  readonly #stopAsked: Promise<void>;
  #stopping = false;
  #ready = false;

  constructor(options: RunningClusterOptions) {
    this.#options = options;
    this.#stopAsked = this.#catchSignals();
    const takeLine = (node: string, line: string): void => {
      // That nodes lose one another while all of them stop is no news.
      const shown = options.verbose ? "everything" : this.#stopping ? "errors" : "warnings";
      // Nor that workers are up sooner than their controller.
      if (!this.#ready && !options.verbose && line.includes('"controller.lost"')) return;
      const show = (this.#ready ? options.showLine : undefined) ?? showLogLine;
      const text = show(node, line, shown);
      if (text !== undefined) process.stderr.write(`${text}\n`);
    };
    const { nodes, last } = options;
    const order = last === undefined ? nodes : [...nodes.filter((node) => node !== last), last];
    const started = order.map((plan) => new ChildNode(plan, takeLine));
    this.nodes = nodes.flatMap((plan) => started.find((child) => child.plan === plan) ?? []);
    for (const node of this.nodes) void this.#announceEnd(node);
  }

  /** Whether somebody has asked it to end. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /**
   * Resolves when every node has been stopped as asked; rejects when all ended by themselves, and
   * where it can't ever be ready.
   * `whenReady` is called once; it may fail where the cluster ends meanwhile.
   */
  async run(whenReady: () => void | Promise<void>): Promise<void> {
    const allEnded = Promise.all(this.nodes.map(({ ended }) => ended));
    void this.#awaitReady()
      .then((ready) => ready && whenReady())
      .catch((error) => this.#stopping || printNote(`kvnode cluster: ${error.message}`));
    const first = await Promise.race([
      this.#stopAsked.then(() => ({ why: "stop" }) as const),
      allEnded.then(() => ({ why: "ended" }) as const),
      this.#despair().then((reason) => ({ why: "hopeless", reason }) as const),
    ]);
    if (first.why === "ended") throw new CommandError("Every node has ended.", EXIT.no);
    this.#stopping = true;
    const killer = setTimeout(() => this.#signalAll("SIGKILL"), STOP_TIMEOUT_MS);
    this.#signalAll("SIGTERM");
    await allEnded;
    clearTimeout(killer);
    if (first.why === "hopeless") throw new CommandError(first.reason, EXIT.usage);
    printNote("kvnode cluster: all nodes are stopped.");
  }

  /** Resolves with why it will never be ready; never, where it is or may be. */
  async #despair(): Promise<string> {
    const { hopeless } = this.#options;
    while (hopeless !== undefined && !this.#ready && !this.#stopping) {
      await Bun.sleep(HOPELESS_POLL_MS);
      const reason = await hopeless();
      if (reason !== undefined && !this.#ready) return reason;
    }
    return new Promise(() => {});
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
    for (const node of this.nodes) node.signal(signal);
  }

  /** False where it ended before it was ready. */
  async #awaitReady(): Promise<boolean> {
    const deadline = performance.now() + this.#options.readyTimeoutMs;
    let told = false;
    while (!this.#stopping && this.#awaited().every(({ running }) => running)) {
      const reasons = await Promise.all(this.#awaited().map(({ plan }) => whyNotReady(plan)));
      const late = reasons.findIndex((reason) => reason !== undefined);
      if (late === -1) {
        this.#ready = true;
        return true;
      }
      if (!told && performance.now() > deadline) {
        told = true;
        const { id } = this.#options.awaited[late] ?? { id: "a node" };
        printNote(`kvnode cluster: ${id} is not ready yet (${reasons[late]}); it goes on trying.`);
      }
      await Bun.sleep(READY_POLL_MS);
    }
    return false;
  }

  #awaited(): readonly ChildNode[] {
    return this.nodes.filter(({ plan }) => this.#options.awaited.includes(plan));
  }

  async #announceEnd(node: ChildNode): Promise<void> {
    const end = await node.ended;
    if (this.#stopping) return;
    const others = this.#ready ? " The others go on." : "";
    printNote(
      `${colors.yellow(node.plan.id)} (process ${node.pid}) has ended ${showEnd(end)}.${others} ` +
        `To start it again: ${settingsOf(node.plan)} ${nameForPeople()} serve`,
    );
  }
}

function showEnd({ code, signal }: ChildEnd): string {
  return signal === null ? `with exit code ${code}` : `by ${signal}`;
}

/** Why a node is not ready, undefined where it is. */
async function whyNotReady({ address }: NodePlan): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(ASK_TIMEOUT_MS);
    const reply = await fetch(`${address}/ready`, { signal });
    if (reply.ok) return undefined;
    return String(((await reply.json()) as { reason?: unknown }).reason ?? reply.status);
  } catch {
    return "it does not answer";
  }
}
