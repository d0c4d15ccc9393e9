/** The nodes' log lines, as the cluster's command shows them: whose it is, and short. */
import { colors, printable } from "../output.ts";

const LEVELS: Readonly<Record<number, string>> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};

/** Which lines a person sees; a line that is no record (a crash, a refusal) is always one. */
export type Shown = "everything" | "warnings" | "errors";

const SHOWN: Readonly<Record<Exclude<Shown, "everything">, ReadonlySet<string>>> = {
  warnings: new Set(["warn", "error", "fatal"]),
  errors: new Set(["error", "fatal"]),
};

/** Fields that say nothing beside the node's name. */
const LEFT_OUT = new Set(["level", "time", "pid", "hostname", "node", "event", "msg", "v"]);

/** One line for people, or undefined for one that is not shown. */
export function showLogLine(node: string, line: string, shown: Shown): string | undefined {
  if (line.trim() === "") return undefined;
  const name = colors.dim(`${node} |`);
  const record = parseRecord(line);
  if (record === undefined) return `${name} ${printable(line)}`;
  const level = levelOf(record.level);
  if (shown !== "everything" && !SHOWN[shown].has(level)) return undefined;
  const fields = Object.entries(record)
    .filter(([field]) => !LEFT_OUT.has(field))
    .map(([field, value]) => `${field}=${showField(value)}`);
  const what = String(record.event ?? record.msg ?? "");
  // Only what the node says is made harmless: the colours are ours.
  return `${name} ${paint(level)} ${printable([what, ...fields].join(" "))}`;
}

/** Splits a stream into lines and gives each to `take` as it comes. */
export async function forEachLine(
  stream: ReadableStream<Uint8Array>,
  take: (line: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  }
  if (rest !== "") take(rest);
}

/** The fields of a line that is a record; undefined for any other. */
export function parseRecord(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function levelOf(level: unknown): string {
  return typeof level === "number"
    ? (LEVELS[level] ?? "error")
    : printable(String(level ?? "info"));
}

function paint(level: string): string {
  if (level === "warn") return colors.yellow(level);
  return SHOWN.errors.has(level) ? colors.red(level) : level;
}

function showField(value: unknown): string {
  return typeof value === "string" && /^\S+$/.test(value) ? value : JSON.stringify(value);
}
