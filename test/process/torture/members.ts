/** The six processes of a tortured group: they are killed, stopped, robbed and started again. */
import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../../support/free-port.ts";
import { type Finished, type GroupNode, startNode } from "../../support/kvnode-process.ts";

export const MEMBERS = 6;
/** With which every group begins, and to which each round comes back. */
export const WRITE_QUORUM = 3;
/** How long a node may take for one of the questions here. */
const ASK_MS_MAX = 2_000;

export interface MembersOptions {
  /** Of logs, and of the nodes' own directories where they have some. */
  readonly directory: string;
  readonly durable: boolean;
  /** Settings for all nodes. */
  readonly env: Readonly<Record<string, string>>;
  /** Members, by number, whose database lies elsewhere. */
  readonly elsewhere?: ReadonlyMap<number, string>;
}

/** What a node says of itself, as far as the torture asks. */
export interface Status {
  readonly role: "leader" | "follower" | "candidate";
  readonly leader: string | null;
  readonly epoch: number;
  readonly synced: boolean;
  readonly blank: boolean;
  readonly possibleLoss: readonly string[];
  /** Empty at a follower. */
  readonly followers: readonly FollowerView[];
}

/** A follower as its leader sees it. */
export interface FollowerView {
  readonly address: string;
  readonly connected: boolean;
  readonly synced: boolean;
}

/** One node through all its lives. */
export class Member {
  readonly number: number;
  readonly id: string;
  readonly url: string;
  /** Where its database lies; undefined in memory mode. */
  readonly directory: string | undefined;
  readonly #env: Readonly<Record<string, string>>;
  readonly #ended: (member: Member, end: Finished, wanted: boolean) => void;
  #process: GroupNode | undefined;
  #wanted = false;
  #paused = false;

  constructor(options: {
    readonly number: number;
    readonly env: Readonly<Record<string, string>>;
    readonly ended: (member: Member, end: Finished, wanted: boolean) => void;
  }) {
    const { number, env, ended } = options;
    this.number = number;
    this.id = env.NODE_ID ?? "";
    this.url = `http://127.0.0.1:${env.PORT}`;
    this.directory = env.DATA_DIR;
    this.#env = env;
    this.#ended = ended;
  }

  get running(): boolean {
    return this.#process !== undefined;
  }

  /** It runs and may answer. */
  get awake(): boolean {
    return this.running && !this.#paused;
  }

  /** What this life has printed so far. */
  get output(): string {
    return this.#process?.stdout() ?? "";
  }

  start(): void {
    if (this.#process !== undefined) return;
    const process = startNode(this.#env);
    this.#process = process;
    this.#wanted = false;
    void process.finished.then((end) => {
      if (this.#process !== process) return;
      this.#process = undefined;
      this.#paused = false;
      this.#ended(this, end, this.#wanted);
    });
  }

  /** Kills it hard and resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Tells it to stop; resolves when it has. */
  async stop(): Promise<void> {
    this.resume();
    await this.#end("SIGTERM");
  }

  pause(): void {
    this.#process?.kill("SIGSTOP");
    this.#paused = this.running;
  }

  resume(): void {
    this.#process?.kill("SIGCONT");
    this.#paused = false;
  }

  /** Removes all that it stored; it must not run. */
  loseDisk(): void {
    if (this.directory === undefined || this.running) return;
    rmSync(this.directory, { recursive: true });
  }

  /** What it says of itself, or undefined where it does not answer. */
  async status(): Promise<Status | undefined> {
    if (!this.awake) return undefined;
    try {
      return (await (await this.ask("GET", "/status?data=false")).json()) as Status;
    } catch {
      return undefined;
    }
  }

  /** What this leader says of one of its followers. */
  async follower(url: string): Promise<FollowerView | undefined> {
    return (await this.status())?.followers.find(({ address }) => address === url);
  }

  /** One call; throws where no answer comes in time. */
  ask(method: string, path: string, body?: unknown, timeoutMs = ASK_MS_MAX): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method,
      signal: AbortSignal.timeout(timeoutMs),
      // A connection to a life that is over is of no use.
      headers: { connection: "close" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    this.#wanted = true;
    process.kill(signal);
    await process.finished;
  }
}

/** All of them, with what their ends told. */
export class Members {
  readonly all: readonly Member[];
  readonly durable: boolean;
  /** Sentences on nodes that ended though nobody ended them. */
  readonly faults: string[] = [];
  /** A node may end by itself at the moment, as on a full disk it may not even start. */
  mayEnd: Member | undefined;
  readonly #directory: string;
  readonly #seen = { takeovers: 0, deposed: 0 };

  constructor(options: MembersOptions) {
    const { directory, durable } = options;
    this.#directory = directory;
    this.durable = durable;
    const ports = freePorts(MEMBERS);
    this.all = ports.map((port, number) => {
      const data = options.elsewhere?.get(number) ?? join(directory, `node${number}`);
      const env = {
        HOST: "127.0.0.1",
        PORT: String(port),
        ROLE: number === 0 ? "leader" : "follower",
        NODE_ID: `node${number}`,
        WRITE_QUORUM: String(WRITE_QUORUM),
        LOG_FORMAT: "json",
        ...(durable ? { DATA_DIR: data } : {}),
        ...(number === 0 ? { FOLLOWERS: listOf(ports.slice(1)) } : {}),
        ...options.env,
      };
      return new Member({ number, env, ended: (...end) => this.#ended(...end) });
    });
  }

  get urls(): readonly string[] {
    return this.all.map(({ url }) => url);
  }

  get awake(): readonly Member[] {
    return this.all.filter(({ awake }) => awake);
  }

  at(url: string | null): Member | undefined {
    return this.all.find((member) => member.url === url);
  }

  /** Starts whoever does not run, in the order given. */
  start(members: readonly Member[] = this.all): void {
    for (const member of members) member.start();
  }

  /** The one that leads in the highest epoch, as far as anybody who answers leads. */
  async leader(): Promise<Member | undefined> {
    const statuses = await Promise.all(
      this.all.map(async (member) => ({ member, status: await member.status() })),
    );
    const leading = statuses.filter(({ status }) => status?.role === "leader");
    leading.sort((one, other) => (other.status?.epoch ?? 0) - (one.status?.epoch ?? 0));
    return leading[0]?.member;
  }

  /** How often a node has become leader, and how often one was fenced, in all lives so far. */
  counts(): { readonly takeovers: number; readonly deposed: number } {
    const now = { ...this.#seen };
    for (const { output } of this.all) count(now, output);
    return now;
  }

  /** Ends all of them, and writes what they printed to their logs. */
  async end(): Promise<void> {
    await Promise.all(this.all.map((member) => member.stop()));
  }

  #ended(member: Member, end: Finished, wanted: boolean): void {
    count(this.#seen, end.stdout);
    const heading = `--- ended with ${end.code}, ${wanted ? "as wanted" : "by itself"}\n`;
    const log = join(this.#directory, `${member.id}.log`);
    appendFileSync(log, `${end.stdout}${end.stderr}${heading}`);
    if (!wanted && this.mayEnd !== member) {
      this.faults.push(`${member.id} ended by itself with ${end.code}: ${end.stderr.slice(-500)}`);
    }
  }
}

function count(counts: { takeovers: number; deposed: number }, output: string): void {
  counts.takeovers += output.split('"leader.leads"').length - 1;
  counts.deposed += output.split('"leader.deposed"').length - 1;
}

function listOf(ports: readonly number[]): string {
  return ports.map((port) => `127.0.0.1:${port}`).join(",");
}
