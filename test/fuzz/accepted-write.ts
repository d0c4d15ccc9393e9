/** What an accepted write must have been: its key and value exactly as they were sent. */
import { pathOfKey } from "../../src/http/keys.ts";
import type { RequestCase } from "./arbitrary-requests.ts";
import type { RawAnswer } from "./raw-answers.ts";

const PREFIX = "/kv/";
const DEPTH_MAX = 512;

/**
 * Why this proper `PUT /kv/{key}` should not have been accepted, or not like this; undefined if all
 * is well. `held` is what the node answers to a read of that key.
 */
export async function wronglyAccepted(
  request: RequestCase,
  mark: string,
  { body }: RawAnswer,
  read: (path: string) => Promise<string>,
): Promise<string | undefined> {
  const marked = (text: string) => text.replaceAll("~mark~", mark);
  const raw = marked(request.target).slice(PREFIX.length);
  // A key without the mark may have been overwritten by another request meanwhile, and dot segments
  // are resolved before the node sees them, if the host can be read.
  const hasDotSegment = /(^|\/)(\.|%2e){1,2}(\/|$)/i.test(raw);
  if (!raw.includes(mark) || raw.includes("?") || hasDotSegment) return undefined;
  let key: string;
  let sent: unknown;
  try {
    key = decodeURIComponent(raw);
    const text = Buffer.from(marked(request.body ?? ""), "latin1");
    sent = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text)).value;
  } catch (error) {
    return `what can't be read was accepted (${String(error)})`;
  }
  const answered: unknown = JSON.parse(body).key;
  if (answered !== key) return `${JSON.stringify(key)} was taken for ${JSON.stringify(answered)}`;
  if (!isKeepable(sent, 0)) return "a value that can't be kept was accepted";
  const held = JSON.parse(await read(pathOfKey(PREFIX, key))).value;
  if (JSON.stringify(held) === JSON.stringify(sent)) return undefined;
  return `${JSON.stringify(sent)} became ${JSON.stringify(held)}`;
}

function isKeepable(value: unknown, depth: number): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return value !== undefined;
  return depth < DEPTH_MAX && Object.values(value).every((item) => isKeepable(item, depth + 1));
}
