/**
 * A node of a measurement as a process of the executable, which can be stopped, paused or killed.
 */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Subprocess } from "bun";
import { RUNTIME_ENVIRONMENT } from "../../src/base/runtime-environment.ts";
import { STOP_WITH_STDIN } from "../../src/cli/stop-with-stdin.ts";
import { SETTINGS, settingNames } from "../../src/config/table.ts";
import { BenchError } from "../quorum/bench-error.ts";

const ROOT = resolve(import.meta.dir, "../..");
const EXECUTABLE = join(ROOT, "dist/kvnode");
export const HOST = "127.0.0.1";
/** Above 32767 the system hands ports to outgoing connections, such as the driver's own. */
const PORT_LOWEST = 15_000;
const PORT_HIGHEST = 32_000;
const STOP_MS_MAX = 4_000;

export interface NodeProcess {
  readonly name: string;
  readonly process: Subprocess<"pipe", Bun.BunFile, Bun.BunFile>;
  /** The file of its log. */
  readonly log: string;
}

/** The command of a node: what KVNODE_BINARY names, else the built executable, else the sources. */
export function nodeCommand(): { words: readonly string[]; name: string } {
  const named = process.env.KVNODE_BINARY;
  if (named) return { words: [resolve(named), "serve"], name: named };
  if (existsSync(EXECUTABLE)) return { words: [EXECUTABLE, "serve"], name: "dist/kvnode" };
  const source = join(ROOT, "src/main.ts");
  return { words: [process.execPath, source, "serve"], name: "bun src/main.ts (not compiled)" };
}

/**
 * Starts a node with these settings and no others; its log goes to NAME.log in the directory. It
 * ends with this process, however that ends. It is a process of `executable`, where one is named.
 */
export async function startNode(
  name: string,
  settings: Readonly<Record<string, string>>,
  logDirectory: string,
  executable?: string,
): Promise<NodeProcess> {
  await mkdir(logDirectory, { recursive: true });
  const log = join(logDirectory, `${name}.log`);
  const environment: Record<string, string | undefined> = { ...process.env };
  // A setting in the shell of the person who measures must not change what is measured.
  for (const setting of settingNames()) {
    for (const each of [setting, ...SETTINGS[setting].aliases]) delete environment[each];
  }
  const own = { HOST, NODE_ID: name, LOG_LEVEL: "warn", LOG_FORMAT: "json" };
  const words = executable === undefined ? nodeCommand().words : [resolve(executable), "serve"];
  const child = Bun.spawn([...words], {
    // The node stops when its standard input closes, which the system does also after a SIGKILL.
    env: { ...RUNTIME_ENVIRONMENT, ...environment, ...own, ...settings, [STOP_WITH_STDIN]: "1" },
    stdin: "pipe",
    stdout: Bun.file(log),
    stderr: Bun.file(`${log}.stderr`),
    // A group of its own: Ctrl-C reaches the measurement alone, which writes its results and then
    // stops the nodes.
    detached: true,
  });
  return { name, process: child, log };
}

/** SIGTERM to every node, and waits for their ends; kills one that does not. */
export async function stopNodes(nodes: readonly NodeProcess[]): Promise<void> {
  for (const node of nodes) node.process.kill("SIGTERM");
  const ends = Promise.all(nodes.map((node) => node.process.exited));
  const late = setTimeout(() => killNodes(nodes), STOP_MS_MAX);
  await ends;
  clearTimeout(late);
}

/** SIGKILL to every node, at once. */
export function killNodes(nodes: readonly NodeProcess[]): void {
  for (const node of nodes) node.process.kill("SIGKILL");
}

/** Throws BenchError with a node's own sentence where one has ended that should not. */
export async function checkRunning(nodes: readonly NodeProcess[]): Promise<void> {
  const ended = nodes.find(
    ({ process: { exitCode, signalCode } }) => exitCode !== null || signalCode !== null,
  );
  if (ended === undefined) return;
  const { name, log } = ended;
  throw new BenchError(`The node ${name} has ended: ${await lastWords(ended)} Its log: ${log}`);
}

async function lastWords(node: NodeProcess): Promise<string> {
  // Who was killed had no time for any.
  if (node.process.signalCode !== null) return `${node.process.signalCode}.`;
  const texts = await Promise.all(
    [`${node.log}.stderr`, node.log].map(async (path) => (await Bun.file(path).text()).trim()),
  );
  const lines = texts.flatMap((text) => text.split("\n")).filter((line) => line !== "");
  return lines[0] ?? `it said nothing (exit code ${node.process.exitCode}).`;
}

/** Ports given to a cluster that may not listen on them yet. */
const given = new Set<number>();

/** Ports that follow one another and on which nobody listens now; none is given twice. */
export function freePorts(count: number): number[] {
  for (let attempt = 0; attempt < 200; attempt++) {
    const first = PORT_LOWEST + Math.floor(Math.random() * (PORT_HIGHEST - PORT_LOWEST - count));
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if (ports.every((port) => !given.has(port) && isFree(port))) {
      for (const port of ports) given.add(port);
      return ports;
    }
  }
  throw new BenchError(`Found no ${count} free ports from ${PORT_LOWEST} to ${PORT_HIGHEST}.`);
}

function isFree(port: number): boolean {
  try {
    Bun.listen({ hostname: HOST, port, socket: { data() {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}
