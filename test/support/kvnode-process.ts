/**
 * Real kvnode processes: the compiled executable that KVNODE_BINARY names, else the sources. What
 * tests leave running ends after the last of them; a script ends its processes itself.
 */
import { resolve } from "node:path";
import type { Subprocess } from "bun";
import { freePorts } from "./free-port.ts";
import { waitUntil } from "./wait-until.ts";

const ROOT = resolve(import.meta.dir, "../..");

/** The words before the arguments; absolute, since tests run in any directory. */
export const KVNODE_COMMAND: readonly string[] = process.env.KVNODE_BINARY
  ? [resolve(process.env.KVNODE_BINARY)]
  : [process.execPath, resolve(ROOT, "src/main.ts")];

export interface Launch {
  /** The whole environment beside PATH and HOME: no setting of the person who tests leaks in. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly cwd?: string;
}

export interface Finished {
  /** The exit code, or 128 + the signal's number as a shell says it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One running process, with all that it has printed so far. */
export interface KvnodeProcess {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended and its output is complete. */
  readonly finished: Promise<Finished>;
}

const running = new Set<Subprocess>();

/** Ends every process that is left, at once; the test runner calls it after the last test. */
export async function endProcesses(): Promise<void> {
  const left = [...running];
  for (const child of left) child.kill("SIGKILL");
  await Promise.all(left.map((child) => child.exited));
}

/** Starts `kvnode ARGS…` and returns at once. */
export function startKvnode(args: readonly string[], launch: Launch = {}): KvnodeProcess {
  const child = Bun.spawn([...KVNODE_COMMAND, ...args], {
    cwd: launch.cwd ?? ROOT,
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...launch.env },
    stdin: launch.stdin === undefined ? "ignore" : new Blob([launch.stdin]),
    stdout: "pipe",
    stderr: "pipe",
  });
  running.add(child);
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const finished = (async () => {
    const code = await child.exited;
    running.delete(child);
    await Promise.all([stdout.ended, stderr.ended]);
    return { code, stdout: stdout.text(), stderr: stderr.text() };
  })();
  return {
    pid: child.pid,
    stdout: stdout.text,
    stderr: stderr.text,
    kill: (signal) => child.kill(signal),
    finished,
  };
}

/** Runs `kvnode ARGS…` to its end. */
export function runKvnode(args: readonly string[], launch: Launch = {}): Promise<Finished> {
  return startKvnode(args, launch).finished;
}

export interface GroupNode extends KvnodeProcess {
  readonly id: string;
  readonly url: string;
  /** What it was started with, to start the same node again. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Group {
  readonly leader: GroupNode;
  readonly followers: GroupNode[];
  /** SIGTERM to all, and waits for their end. */
  stop(): Promise<void>;
}

/** One leader and its followers as processes of their own; resolves when the leader is ready. */
export async function startGroup(options: {
  readonly followers: number;
  /** For every node: WRITE_QUORUM, MAX_DELAY … */
  readonly env?: Readonly<Record<string, string>>;
}): Promise<Group> {
  const [leaderPort = 0, ...ports] = freePorts(options.followers + 1);
  const common = { HOST: "127.0.0.1", LOG_FORMAT: "json", ...options.env };
  const followers = ports.map((port, index) =>
    startNode({
      ...common,
      ROLE: "follower",
      NODE_ID: `follower${index + 1}`,
      PORT: String(port),
    }),
  );
  const leader = startNode({
    ...common,
    ROLE: "leader",
    NODE_ID: "leader",
    PORT: String(leaderPort),
    FOLLOWERS: ports.map((port) => `127.0.0.1:${port}`).join(","),
  });
  const group: Group = {
    leader,
    followers,
    async stop() {
      const nodes = [leader, ...followers];
      for (const node of nodes) node.kill("SIGTERM");
      await Promise.all(nodes.map((node) => node.finished));
    },
  };
  await waitUntilReady(leader);
  return group;
}

/** Starts `kvnode serve` with these settings; NODE_ID and PORT must be among them. */
export function startNode(env: Readonly<Record<string, string>>): GroupNode {
  const node = startKvnode(["serve"], { env });
  return { ...node, id: env.NODE_ID ?? "", url: `http://127.0.0.1:${env.PORT}`, env };
}

/** Resolves when the node's /ready says yes; a node that has ended instead fails at once. */
export async function waitUntilReady(node: GroupNode): Promise<void> {
  let ended: Finished | undefined;
  void node.finished.then((end) => {
    ended = end;
  });
  await waitUntil(async () => ended !== undefined || (await fetch(`${node.url}/ready`)).ok, {
    what: `${node.id} to be ready`,
  });
  if (ended) throw new Error(`${node.id} ended: ${node.stderr()}${node.stdout()}`);
}

function collect(stream: ReadableStream<Uint8Array>): {
  text: () => string;
  ended: Promise<void>;
} {
  let text = "";
  const decoder = new TextDecoder();
  const ended = (async () => {
    for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
  })();
  return { text: () => text, ended };
}
