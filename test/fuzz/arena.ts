/**
 * The nodes that are fuzzed, as real processes, and what must hold of them whatever comes: they
 * live, they answer, they are equal, standing keys stand as they were written, and no mark of a
 * refused write is to be seen.
 *
 * A group (a leader, two followers, and a third listed one that this process plays), and a follower
 * without a group, which anybody may lead.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathOfKey } from "../../src/http/keys.ts";
import { freePorts } from "../support/free-port.ts";
import {
  endProcesses,
  type GroupNode,
  startNode,
  waitUntilReady,
} from "../support/kvnode-process.ts";
import { waitUntil } from "../support/wait-until.ts";
import { HostileFollower } from "./hostile-follower.ts";

/** What should not have happened; the message says what. */
export class Finding extends Error {}

export const CLUSTER = "fuzzed";
/** Values beyond this are refused; small, so that a fuzzed one may well be larger. */
export const MAX_VALUE_BYTES = 8 * 1024;
/** All that a configuration request may have turned. */
const CONFIG = { writeQuorum: 1, minDelay: "0ms", maxDelay: "0ms" };
const STANDING_KEYS = 100;
const STANDING_PREFIX = "standing/";
const HONEST_KEY = "honest";
const ANSWER_PATIENCE_MS = 10_000;

type Dump = Readonly<Record<string, unknown>>;
export type NodeName = "leader" | "follower1" | "follower2" | "lone";

const GROUP = ["leader", "follower1", "follower2"] as const;

/** A fuzzed write carries one in its key or value: `~000000007919~`. */
const MARK = /~\d{12}~/g;
/** Spreads the marks, so that a flipped bit makes none of them another. */
const MARK_STEP = 104_395_303;
const MARKS = 10 ** 12;

type Ports = readonly [number, number, number, number];

export class Arena {
  readonly hostile: HostileFollower;
  readonly #ports: Ports;
  #nodes = new Map<NodeName, GroupNode>();
  /** The answer to the list of standing keys, which never changes. */
  #standing = "";
  #marks = 0;
  /** Marks of writes that were refused: they must be nowhere. */
  readonly #refused = new Set<string>();
  readonly #ended = new Set<GroupNode>();
  #spoiled = false;
  #directory = "";

  private constructor(ports: readonly number[]) {
    this.hostile = new HostileFollower();
    this.#ports = ports as unknown as Ports;
  }

  static async start(): Promise<Arena> {
    const arena = new Arena(freePorts(4));
    await arena.hostile.listen();
    await arena.#startNodes();
    return arena;
  }

  async stop(): Promise<void> {
    this.hostile.stop();
    await endProcesses();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /**
   * Kills a node that has a disk and starts it again, from what it has there or, `blank`, from
   * nothing. Throws a Finding if it does not start.
   */
  async restart(name: NodeName, options: { readonly blank: boolean }): Promise<void> {
    const before = this.node(name);
    before.kill("SIGKILL");
    await before.finished;
    if (options.blank) rmSync(before.env.DATA_DIR ?? "", { recursive: true, force: true });
    const node = startNode(before.env);
    this.#nodes.set(name, node);
    void node.finished.then(() => this.#ended.add(node));
    const started = async () => this.#ended.has(node) || (await fetch(`${node.url}/health`)).ok;
    await waitUntil(started, { what: `${name} to start again`, intervalMs: 5 });
    if (this.#ended.has(node)) throw new Finding(`${name} did not start: ${node.stderr()}`);
  }

  /** Throws a Finding unless nodes can be killed and start again from what they were told. */
  async checkRestart(): Promise<void> {
    await this.restart("lone", { blank: false });
    await this.restart("follower1", { blank: false });
    await waitUntilReady(this.node("follower1"));
    await this.checkGroup();
  }

  node(name: NodeName): GroupNode {
    return this.#nodes.get(name) as GroupNode;
  }

  portOf(name: NodeName): number {
    return Number(this.node(name).env.PORT);
  }

  /** The next case begins with new nodes. */
  spoil(): void {
    this.#spoiled = true;
  }

  /** Starts all anew if a node has died of what came before, or does not do as it should. */
  async revive(): Promise<void> {
    const died = [...this.#nodes.values()].some((node) => this.#ended.has(node));
    if (!died && !this.#spoiled) return;
    this.#spoiled = false;
    await endProcesses();
    await this.#startNodes();
  }

  /** The mark of the next write. */
  nextMark(): string {
    this.#marks += 1;
    return `~${String((this.#marks * MARK_STEP) % MARKS).padStart(12, "0")}~`;
  }

  refused(mark: string): void {
    this.#refused.add(mark);
  }

  /** Throws a Finding unless every node lives and answers. */
  async checkAlive(): Promise<void> {
    await Promise.all([...this.#nodes.keys()].map((name) => this.read(name, "/health")));
  }

  /** Throws a Finding unless the group is equal and holds what it should; then tidies up. */
  async checkGroup(): Promise<void> {
    await this.read("lone", "/health");
    await this.#restoreConfig();
    // Nobody who is not asked may end a leadership: honest writes go on.
    await this.#call("leader", "PUT", `/kv/${HONEST_KEY}`, { value: this.#marks });
    const dumps = await Promise.all(GROUP.map((name) => this.read(name, "/dump")));
    const [ownEntries, ...others] = dumps.map((dump): Dump => JSON.parse(dump)) as [Dump];
    // Before anything is judged: the next case must not find what this one has left.
    await this.#tidy(ownEntries, others);
    const refused = new Set(this.#refused);
    this.#refused.clear();
    dumps.forEach((dump, index) => {
      checkMarks(GROUP[index] as NodeName, dump, refused);
    });
    [ownEntries, ...others].forEach((entries, index) => {
      if (standingOf(entries) === this.#standing) return;
      throw new Finding(`${GROUP[index]} holds other standing keys than were written`);
    });
    await this.#checkEqual();
  }

  /** The answer to a GET; throws a Finding if there is none, or an error. */
  async read(name: NodeName, path: string): Promise<string> {
    return await this.#call(name, "GET", path);
  }

  /** Resident memory and JavaScript heap of each node, in bytes. */
  async memory(): Promise<Map<NodeName, { rss: number; heap: number }>> {
    const sizes = new Map<NodeName, { rss: number; heap: number }>();
    for (const name of this.#nodes.keys()) {
      const text = await this.read(name, "/metrics");
      const read = (metric: string) =>
        Number(new RegExp(`^${metric} (\\S+)`, "m").exec(text)?.[1] ?? 0);
      sizes.set(name, {
        rss: read("process_resident_memory_bytes"),
        heap: read("process_heap_bytes"),
      });
    }
    return sizes;
  }

  /** What the nodes wrote to their logs and errors: a Finding if there is a fault in it. */
  checkLogs(): void {
    for (const [name, node] of this.#nodes) {
      const text = node.stdout() + node.stderr();
      const fault = /^.*(http\.failed|a fault in kvnode|unexpected fault).*$/m.exec(text)?.[0];
      if (fault !== undefined) throw new Finding(`${name} logged: ${fault.slice(0, 2_000)}`);
    }
  }

  async #startNodes(): Promise<void> {
    const [leaderPort, ...ports] = this.#ports;
    this.hostile.rest();
    if (this.#directory !== "") rmSync(this.#directory, { recursive: true, force: true });
    this.#directory = mkdtempSync(join(tmpdir(), "kvnode-fuzz-"));
    const common = {
      HOST: "127.0.0.1",
      CLUSTER,
      LOG_FORMAT: "json",
      LOG_LEVEL: "error",
      MAX_VALUE_BYTES: String(MAX_VALUE_BYTES),
    };
    const disk = (name: NodeName) => ({ DATA_DIR: join(this.#directory, name) });
    const follower = (name: NodeName, port: number) =>
      startNode({
        ...{ ...common, ROLE: "follower", NODE_ID: name, PORT: String(port) },
        // One in memory, since both kinds are to be had.
        ...(name === "follower2" ? {} : disk(name)),
      });
    this.#nodes = new Map<NodeName, GroupNode>([
      ["follower1", follower("follower1", ports[0])],
      ["follower2", follower("follower2", ports[1])],
      ["lone", follower("lone", ports[2])],
      [
        "leader",
        startNode({
          ...common,
          ...disk("leader"),
          ROLE: "leader",
          NODE_ID: "leader",
          PORT: String(leaderPort),
          WRITE_QUORUM: String(CONFIG.writeQuorum),
          FOLLOWERS: [ports[0], ports[1], this.hostile.port]
            .map((port) => `127.0.0.1:${port}`)
            .join(","),
        }),
      ],
    ]);
    this.#ended.clear();
    for (const node of this.#nodes.values()) {
      void node.finished.then(() => this.#ended.add(node));
    }
    for (const name of GROUP) await waitUntilReady(this.node(name));
    await this.#writeStanding();
    this.#refused.clear();
  }

  async #writeStanding(): Promise<void> {
    for (let index = 0; index < STANDING_KEYS; index++) {
      await this.#call("leader", "PUT", `/kv/${STANDING_PREFIX}${index}`, { value: index });
    }
    await this.#checkEqual();
    this.#standing = standingOf(JSON.parse(await this.read("leader", "/dump")));
  }

  /** A fuzzed request may well have turned the lab's knobs: that is what they are for. */
  async #restoreConfig(): Promise<void> {
    const held = JSON.parse(await this.read("leader", "/config"));
    if (JSON.stringify(held) !== JSON.stringify(CONFIG)) {
      await this.#call("leader", "PATCH", "/config", CONFIG);
    }
  }

  /** Removes what fuzzed writes have left, also what was put into a follower by hand. */
  async #tidy(ownEntries: Dump, others: readonly Dump[]): Promise<void> {
    const keys = new Set<string>();
    for (const entries of [ownEntries, ...others]) {
      for (const key of Object.keys(entries)) {
        if (!key.startsWith(STANDING_PREFIX) && key !== HONEST_KEY) keys.add(key);
      }
    }
    await Promise.all(
      [...keys].map(async (key) => {
        const path = pathOfKey("/kv/", key);
        // What a follower alone has is below every version: it goes with a written key.
        if (!Object.hasOwn(ownEntries, key)) await this.#call("leader", "PUT", path, { value: 0 });
        await this.#call("leader", "DELETE", path);
      }),
    );
  }

  async #checkEqual(): Promise<void> {
    let digests: string[] = [];
    try {
      await waitUntil(
        async () => {
          digests = await Promise.all(GROUP.map((name) => this.read(name, "/digest")));
          return digests.every((digest) => digest === digests[0]);
        },
        { what: "the nodes to be equal", timeoutMs: ANSWER_PATIENCE_MS, intervalMs: 5 },
      );
    } catch {
      throw new Finding(`the nodes differ: ${digests.join(" ")}`);
    }
  }

  /** Why there is no answer: the node's end, if it has ended. */
  async #endOf(name: NodeName): Promise<string> {
    const node = this.node(name);
    if (!this.#ended.has(node)) return "";
    const { code, stderr, stdout } = await node.finished;
    return `; it ended with code ${code}: ${stderr}${stdout.slice(-1_000)}`;
  }

  async #call(name: NodeName, method: string, path: string, body?: unknown): Promise<string> {
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(this.node(name).url + path, {
        method,
        signal: AbortSignal.timeout(ANSWER_PATIENCE_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      text = await answer.text();
    } catch (error) {
      // Its end is noticed a little later than the end of its connections.
      await Promise.race([this.node(name).finished, Bun.sleep(500)]);
      const end = await this.#endOf(name);
      throw new Finding(`${name} did not answer ${method} ${path} (${String(error)})${end}`);
    }
    // The lone follower may hold anything or nothing, as it was told.
    const fine = answer.ok || (method === "DELETE" && answer.status === 404);
    if (fine) return text;
    throw new Finding(`${name} answered ${method} ${path} with ${answer.status}: ${text}`);
  }
}

function checkMarks(name: NodeName, dump: string, refused: ReadonlySet<string>): void {
  for (const [mark] of dump.matchAll(MARK)) {
    if (!refused.has(mark)) continue;
    throw new Finding(`${name} shows a write that was refused: ${mark} is in its dump`);
  }
}

/** The standing keys of a dump with their versions, in one order. */
function standingOf(dump: Dump): string {
  const standing = Object.entries(dump).filter(([key]) => key.startsWith(STANDING_PREFIX));
  return JSON.stringify(standing.sort(([one], [other]) => (one < other ? -1 : 1)));
}
