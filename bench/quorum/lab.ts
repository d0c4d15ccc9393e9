/** A cluster under test as seen from outside: turning its knobs, comparing its nodes. */
import { durationMs, readDuration } from "../../src/base/duration.ts";
import { compareDumps, type Dump } from "../../src/cli/compare-dumps.ts";
import { BenchError } from "./bench-error.ts";
import type { FollowerDifference } from "./results.ts";

export interface Knobs {
  readonly writeQuorum: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

const CALL_MS_MAX = 10_000;
/** Nodes that differ for longer than this after the last write are not going to be equal. */
const EQUAL_MS_MAX = 20_000;
const POLL_MS = 10;

/** A leader and its followers by their addresses, `http://host:port`. */
export class Lab {
  readonly leader: string;
  readonly followers: readonly string[];

  constructor(leader: string, followers: readonly string[]) {
    this.leader = leader;
    this.followers = followers;
  }

  /** Takes the followers' addresses from the leader unless they are given. */
  static async of(leader: string, followers: readonly string[] | undefined): Promise<Lab> {
    const status = await call(leader, "/status?data=false");
    const listed = Array.isArray(status.followers) ? (status.followers as unknown[]) : [];
    const addresses = listed.flatMap((each) => {
      const { address } = each as { address?: unknown };
      return typeof address === "string" ? [address] : [];
    });
    if (status.role !== "leader") {
      const hint = typeof status.leader === "string" ? `, which is ${status.leader}` : "";
      throw new BenchError(`${leader} is not the leader: give the leader's address${hint}.`);
    }
    if (followers !== undefined && followers.length !== addresses.length) {
      throw new BenchError(
        `--followers names ${followers.length}, and ${leader} has ${addresses.length}: ` +
          "name them all.",
      );
    }
    const lab = new Lab(leader, followers ?? addresses);
    await lab.#checkReach();
    return lab;
  }

  /** What holds at the leader now. */
  async knobs(): Promise<Knobs> {
    const config = await call(this.leader, "/config");
    return {
      writeQuorum: Number(config.writeQuorum),
      minDelayMs: durationOf(config.minDelay),
      maxDelayMs: durationOf(config.maxDelay),
    };
  }

  /** Turns the knobs, and returns when they hold. */
  async turn(knobs: Knobs): Promise<void> {
    const body = JSON.stringify({
      writeQuorum: knobs.writeQuorum,
      minDelay: `${knobs.minDelayMs}ms`,
      maxDelay: `${knobs.maxDelayMs}ms`,
    });
    await call(this.leader, "/config", { method: "PATCH", body });
    const holds = async () => (await this.knobs()).writeQuorum === knobs.writeQuorum;
    if (await until(CALL_MS_MAX, holds)) return;
    throw new BenchError(`${this.leader} did not take the write quorum ${knobs.writeQuorum}.`);
  }

  /** Waits until all nodes hold the same; false if they don't come to it. */
  async waitUntilEqual(): Promise<boolean> {
    return until(EQUAL_MS_MAX, async () => {
      const nodes = [this.leader, ...this.followers];
      const digests = await Promise.all(nodes.map((node) => call(node, "/digest")));
      return new Set(digests.map(({ keys, digest }) => `${keys} ${digest}`)).size === 1;
    });
  }

  /** Each follower against the leader, key by key, and how many keys the leader has. */
  async compare(): Promise<{ keys: number; followers: FollowerDifference[] }> {
    const reference = (await call(this.leader, "/dump")) as Dump;
    const followers = await Promise.all(
      this.followers.map(async (follower) => ({
        follower,
        differences: compareDumps(reference, (await call(follower, "/dump")) as Dump),
      })),
    );
    return { keys: Object.keys(reference).length, followers };
  }

  async #checkReach(): Promise<void> {
    for (const follower of this.followers) {
      try {
        await call(follower, "/digest");
      } catch {
        throw new BenchError(
          `The follower ${follower} can't be reached from here: give the followers' addresses as ` +
            "they are reached from here with --followers.",
        );
      }
    }
  }
}

/** The JSON object that a node answers; throws BenchError with the node's own sentence. */
async function call(
  node: string,
  path: string,
  request: { method?: string; body?: string } = {},
): Promise<Record<string, unknown>> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(node + path, {
      ...request,
      headers: { "content-type": "application/json" },
      signal: AbortSignal.timeout(CALL_MS_MAX),
    });
    answer = await response.json();
  } catch {
    throw new BenchError(`${node} gives no answer to ${path}: is it a running kvnode?`);
  }
  if (typeof answer !== "object" || answer === null) {
    throw new BenchError(`${node} does not answer ${path} as a kvnode does: check the address.`);
  }
  const fields = answer as Record<string, unknown>;
  if (!response.ok) {
    const said = typeof fields.message === "string" ? fields.message : `status ${response.status}`;
    throw new BenchError(`${node} refuses ${path}: ${said}`);
  }
  return fields;
}

/** Asks until it is so; false when the time is over. */
async function until(timeoutMs: number, so: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!(await so())) {
    if (performance.now() > deadline) return false;
    await Bun.sleep(POLL_MS);
  }
  return true;
}

function durationOf(value: unknown): number {
  if (typeof value === "number") return value;
  const read = readDuration(String(value));
  return read === undefined ? Number.NaN : durationMs(read.amount, read.unit ?? "ms");
}
