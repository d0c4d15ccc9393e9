/** The answers on one connection, whatever was asked: enough HTTP to judge each of them. */
import { connect } from "node:net";

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface Exchange {
  readonly answers: readonly RawAnswer[];
  /** How it ended: all due answers came, the node closed, nothing more came, or nothing at all. */
  readonly end: "complete" | "closed" | "quiet" | "silent";
}

export interface ExchangeOptions {
  readonly port: number;
  readonly bytes: Buffer;
  /** Answers that must come; undefined where nobody knows: then it ends when nothing more comes. */
  readonly due: number | undefined;
  /** The answers have no bodies. */
  readonly head: boolean;
}

/** For what must be answered. */
const ANSWER_PATIENCE_MS = 10_000;
/** For what may or may not be answered. */
const QUIET_MS = 25;

/** Sends the bytes on a connection of their own and takes what comes back. */
export function exchange({ port, bytes, due, head }: ExchangeOptions): Promise<Exchange> {
  return new Promise((resolve) => {
    let received: Buffer = Buffer.alloc(0);
    let answers: readonly RawAnswer[] = [];
    let timer: ReturnType<typeof setTimeout>;
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    const finish = (end: Exchange["end"]) => {
      clearTimeout(timer);
      // A reset leaves no port behind that waits for a minute, as a proper end does.
      socket.resetAndDestroy();
      resolve({ answers, end });
    };
    const wait = () => {
      clearTimeout(timer);
      if (due === undefined) timer = setTimeout(() => finish("quiet"), QUIET_MS);
      else timer = setTimeout(() => finish("silent"), ANSWER_PATIENCE_MS);
    };
    wait();
    socket.on("data", (data: Buffer) => {
      received = received.length === 0 ? data : Buffer.concat([received, data]);
      answers = parseAnswers(received, head);
      if (due !== undefined && answers.length >= due) finish("complete");
      else wait();
    });
    socket.on("error", () => {});
    socket.on("close", () => finish("closed"));
  });
}

/** Every whole answer at the start of the bytes, without interim ones. */
export function parseAnswers(bytes: Buffer, head: boolean): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let at = 0;
  for (;;) {
    const headEnd = bytes.indexOf("\r\n\r\n", at);
    if (headEnd < 0) return answers;
    const [statusLine = "", ...lines] = bytes.toString("latin1", at, headEnd).split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? Number.NaN);
    const headers = new Map(lines.map(splitHeader));
    at = headEnd + 4;
    if (status < 200) continue;
    const bodyless = head || status === 204 || status === 304;
    const taken = bodyless ? { body: "", end: at } : takeBody(bytes, at, headers);
    if (taken === undefined) return answers;
    answers.push({ status, headers, body: taken.body });
    at = taken.end;
  }
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

/** The body that starts at `start`, and where it ends; undefined while it is not whole. */
function takeBody(
  bytes: Buffer,
  start: number,
  headers: ReadonlyMap<string, string>,
): { body: string; end: number } | undefined {
  if (headers.get("transfer-encoding") !== "chunked") {
    const end = start + Number(headers.get("content-length") ?? 0);
    return end > bytes.length ? undefined : { body: bytes.toString("utf8", start, end), end };
  }
  const chunks: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (next > bytes.length) return undefined;
    if (size === 0) return { body: Buffer.concat(chunks).toString("utf8"), end: next };
    chunks.push(bytes.subarray(lineEnd + 2, next - 2));
    at = next;
  }
}
