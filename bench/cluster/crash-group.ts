/** Nodes whose processes can be killed, whose disks can be removed, and who can come back. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { BenchError } from "../quorum/bench-error.ts";
import {
  checkRunning,
  freePorts,
  HOST,
  killNodes,
  type NodeProcess,
  startNode,
  stopNodes,
} from "./node-process.ts";

const READY_MS_MAX = 120_000;
const POLL_MS = 20;
const CALL_MS_MAX = 1_000;
const DIGEST_MS_MAX = 60_000;

export interface CrashGroupOptions {
  readonly nodes: number;
  readonly writeQuorum: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly logDirectory: string;
  /** Each node's disk is a directory in here; none: in memory. */
  readonly dataDirectory: string | undefined;
}

interface FollowerFacts {
  readonly connected: boolean;
  readonly synced: boolean;
  readonly lagEntries: number;
}

/** Nodes are named by their slot; slot 0 leads first. */
export class CrashGroup {
  readonly addresses: readonly string[];
  readonly #options: CrashGroupOptions;
  readonly #ports: readonly number[];
  readonly #running = new Map<number, NodeProcess>();
  readonly #killAll = () => killNodes([...this.#running.values()]);

  private constructor(options: CrashGroupOptions) {
    this.#options = options;
    this.#ports = freePorts(options.nodes);
    this.addresses = this.#ports.map((port) => `http://${HOST}:${port}`);
    process.on("exit", this.#killAll);
  }

  /** Resolves when the leader leads and every follower is synced. */
  static async start(options: CrashGroupOptions): Promise<CrashGroup> {
    const group = new CrashGroup(options);
    try {
      await group.run(group.addresses.map((_, slot) => slot).reverse());
      await group.synced();
      return group;
    } catch (error) {
      await group.stop();
      throw error;
    }
  }

  /** Resolves when the node is fit to serve. */
  async ready(slot: number): Promise<void> {
    const so = async () => (await ask(this.addressOf(slot), "/ready")) !== undefined;
    await this.#until("ready", so);
  }

  /** Resolves when all nodes hold the same; nothing may be written meanwhile. */
  async equal(): Promise<void> {
    // The digest walks over every key, which stands in the way of everything else there: it is
    // asked
    // for once, one node after the other, when nothing is under way any more.
    await this.#until("up to date", async () => {
      const followers = await this.#followers();
      const there = followers.filter((each) => each.connected && each.lagEntries === 0);
      return there.length === this.#options.nodes - 1;
    });
    const digests = new Set<string>();
    for (const node of this.addresses) {
      digests.add(JSON.stringify(await ask(node, "/digest", DIGEST_MS_MAX)));
    }
    if (digests.size > 1) throw new BenchError(`The nodes differ: ${[...digests].join(" ")}`);
  }

  /** Resolves when slot 0 leads and every other node is synced with it. */
  async synced(): Promise<void> {
    await this.#until("synced", async () => {
      const followers = await this.#followers();
      const there = followers.filter(({ connected, synced }) => connected && synced);
      return there.length === this.#options.nodes - 1;
    });
  }

  addressOf(slot: number): string {
    return this.addresses[slot] ?? "";
  }

  /** Slots whose process runs. */
  get running(): readonly number[] {
    return [...this.#running.keys()].sort((one, other) => one - other);
  }

  /** kill -9, all at once; resolves when they have ended. */
  async kill(slots: readonly number[]): Promise<void> {
    const nodes = slots.flatMap((slot) => this.#running.get(slot) ?? []);
    killNodes(nodes);
    for (const slot of slots) this.#running.delete(slot);
    await Promise.all(nodes.map((node) => node.process.exited));
  }

  /** SIGTERM, and waits for their ends. */
  async end(slots: readonly number[]): Promise<void> {
    const nodes = slots.flatMap((slot) => this.#running.get(slot) ?? []);
    await stopNodes(nodes);
    for (const slot of slots) this.#running.delete(slot);
  }

  /** SIGSTOP: the node keeps its connections and does nothing. */
  pause(slot: number): void {
    this.#running.get(slot)?.process.kill("SIGSTOP");
  }

  /** SIGCONT. */
  resume(slot: number): void {
    this.#running.get(slot)?.process.kill("SIGCONT");
  }

  /** Removes what these nodes, which do not run, had on disk. */
  async removeDisks(slots: readonly number[]): Promise<void> {
    for (const slot of slots) {
      const directory = this.#dataDirectoryOf(slot);
      if (directory !== undefined) await rm(directory, { recursive: true, force: true });
    }
  }

  /** Starts these nodes and resolves when each of them answers. */
  async run(slots: readonly number[]): Promise<void> {
    await this.launch(slots);
    const so = async () => {
      const answers = await Promise.all(slots.map((slot) => ask(this.addressOf(slot), "/health")));
      return answers.every((answer) => answer !== undefined);
    };
    await this.#until("reachable", so);
  }

  /** Starts these nodes' processes. */
  async launch(slots: readonly number[]): Promise<void> {
    for (const slot of slots) {
      const node = await startNode(`node${slot}`, this.#settings(slot), this.#options.logDirectory);
      this.#running.set(slot, node);
    }
  }

  /** Ends every process; nothing of it is needed any more, so that may be sudden. */
  async stop(): Promise<void> {
    await this.kill(this.running);
    process.off("exit", this.#killAll);
  }

  /** As slot 0 sees them; a leader to be has none. */
  async #followers(): Promise<readonly FollowerFacts[]> {
    const status = await ask(this.addressOf(0), "/status?data=false");
    const { followers = [] } = (status ?? {}) as { followers?: FollowerFacts[] };
    return followers;
  }

  #settings(slot: number): Record<string, string> {
    const { writeQuorum, minDelayMs, maxDelayMs } = this.#options;
    const dataDirectory = this.#dataDirectoryOf(slot);
    return {
      ROLE: slot === 0 ? "leader" : "follower",
      PORT: String(this.#ports[slot]),
      WRITE_QUORUM: String(writeQuorum),
      MIN_DELAY: `${minDelayMs}ms`,
      MAX_DELAY: `${maxDelayMs}ms`,
      ...(slot === 0 ? { FOLLOWERS: this.addresses.slice(1).join(",") } : {}),
      ...(dataDirectory === undefined ? {} : { DATA_DIR: dataDirectory }),
    };
  }

  #dataDirectoryOf(slot: number): string | undefined {
    const { dataDirectory } = this.#options;
    return dataDirectory === undefined ? undefined : join(dataDirectory, `node${slot}`);
  }

  async #until(what: string, so: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + READY_MS_MAX;
    while (!(await so())) {
      await checkRunning([...this.#running.values()]);
      if (performance.now() > deadline) {
        const logs = this.#options.logDirectory;
        throw new BenchError(`Nodes were not ${what} in ${READY_MS_MAX / 1000} s; see ${logs}.`);
      }
      await Bun.sleep(POLL_MS);
    }
  }
}

/** The JSON that a node answers with status 200; undefined for everything else. */
async function ask(address: string, path: string, timeoutMs = CALL_MS_MAX): Promise<unknown> {
  try {
    const response = await fetch(address + path, { signal: AbortSignal.timeout(timeoutMs) });
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}
