/** The six processes of a tortured group: they are killed, stopped, robbed and started again. */
import { join } from "node:path";
import { freePorts } from "../../support/free-port.ts";
import { Life, type LifeOptions } from "./life.ts";
import { LogBook } from "./log-book.ts";

export const MEMBERS = 6;
/** With which every group begins, and to which each round comes back. */
export const WRITE_QUORUM = 3;

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

/** One node of the group. */
export class Member extends Life {
  readonly number: number;

  constructor(number: number, options: LifeOptions) {
    super(options);
    this.number = number;
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
}

/** All of them, with what their ends told. */
export class Members {
  readonly all: readonly Member[];
  readonly durable: boolean;
  readonly logs: LogBook;
  readonly #seen = { takeovers: 0, deposed: 0 };

  constructor(options: MembersOptions) {
    const { directory, durable } = options;
    this.logs = new LogBook(directory);
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
      const ended: LifeOptions["ended"] = (id, end, wanted) => {
        count(this.#seen, end.stdout);
        this.logs.ended(id, end, wanted);
      };
      return new Member(number, { env, ended });
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
}

function count(counts: { takeovers: number; deposed: number }, output: string): void {
  counts.takeovers += output.split('"leader.leads"').length - 1;
  counts.deposed += output.split('"leader.deposed"').length - 1;
}

function listOf(ports: readonly number[]): string {
  return ports.map((port) => `127.0.0.1:${port}`).join(",");
}
