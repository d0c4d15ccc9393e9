/** What the commands print: answers on stdout, everything else on stderr. */
import Table from "cli-table3";
import picocolors from "picocolors";

const { env, stdout } = process;

/** Colours only for a person who looks at a terminal and has not asked for none (NO_COLOR). */
export const colors = picocolors.createColors(
  Boolean(stdout.isTTY) && !env.NO_COLOR && env.TERM !== "dumb",
);

/** One or more lines of the answer. */
export function printLine(text: string): void {
  stdout.write(`${text}\n`);
}

/** A remark that is not part of the answer. */
export function printNote(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/** An answer for programs: one JSON text on one line. */
export function printJson(value: unknown): void {
  printLine(JSON.stringify(value));
}

/** Rows under headings, in columns, without lines around them. */
export function printTable(headings: readonly string[], rows: readonly string[][]): void {
  const none = "";
  const table = new Table({
    head: headings.map((heading) => colors.dim(heading)),
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    chars: {
      top: none,
      "top-mid": none,
      "top-left": none,
      "top-right": none,
      bottom: none,
      "bottom-mid": none,
      "bottom-left": none,
      "bottom-right": none,
      left: none,
      "left-mid": none,
      mid: none,
      "mid-mid": none,
      right: none,
      "right-mid": none,
      middle: none,
    },
  });
  table.push(...rows);
  const lines = table.toString().split("\n");
  printLine(lines.map((line) => line.trimEnd()).join("\n"));
}

/** Control characters could move a terminal's cursor or colour it; here they are shown instead. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (sign) =>
    sign === "\n" || sign === "\t"
      ? sign
      : `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A key as it is, or in JSON quotes where it would not be seen for what it is. */
export function showKey(key: string): string {
  const plain = printable(key) === key && !/[\n\t]|^\s|\s$|^$|^"/.test(key);
  return plain ? key : printable(JSON.stringify(key));
}

/** `1 key`, `2 keys`; `1 copy`, `2 copies` where the plural is named. */
export function count(amount: number, noun: string, plural = `${noun}s`): string {
  return `${amount} ${amount === 1 ? noun : plural}`;
}

/** A closed pipe (`kvnode list | head`) is no fault: who reads has seen enough. */
export function endQuietlyOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  }
}
