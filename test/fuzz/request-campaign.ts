/** Requests, proper and not, at the leader and a follower of a group. */
import fc from "fast-check";
import { wronglyAccepted } from "./accepted-write.ts";
import {
  answersDue,
  arbitrarySent,
  isHalf,
  requestBytes,
  type Sent,
} from "./arbitrary-requests.ts";
import { type Arena, Finding, type NodeName } from "./arena.ts";
import { type Campaign, campaign, type Tally } from "./campaign.ts";
import { type Exchange, exchange, type RawAnswer } from "./raw-answers.ts";

interface Shot {
  readonly node: NodeName;
  readonly sent: Sent;
}

/** What a node of the group may answer to anything. */
const STATUSES = [
  ...[200, 204, 304, 400, 403, 404, 405, 409, 413, 503, 504],
  // The runtime's own, where it is no HTTP or too much of it.
  ...[101, 414, 417, 426, 431, 501, 505],
];
/** Of those, what the runtime says by itself to what it can't read, without a body. */
const RUNTIME_STATUSES = [400, 413, 414, 417, 426, 431, 501, 505];

/** Volleys of requests, each on a connection of its own. */
export function requests(arena: Arena, tally: Tally): Campaign {
  return campaign({
    name: "requests",
    arbitrary: fc.array(
      fc.record({ node: fc.constantFrom<NodeName>("leader", "follower1"), sent: arbitrarySent }),
      { minLength: 1, maxLength: 40, size: "max" },
    ),
    async check(shots) {
      await Promise.all(shots.map((shot) => shoot(arena, tally, shot)));
      await arena.checkGroup();
    },
  });
}

async function shoot(arena: Arena, tally: Tally, { node, sent }: Shot): Promise<void> {
  const mark = arena.nextMark();
  const { damage, request } = sent;
  const due = answersDue(sent);
  const times = damage.kind === "repeat" ? damage.times : 1;
  for (let time = 0; time < times; time++) tally.request();
  const bytes = requestBytes(sent, mark);
  const head = request.method === "HEAD";
  const result = await exchange({ port: arena.portOf(node), bytes, due, head });
  for (const answer of result.answers) {
    tally.ended(String(answer.status));
    if (!STATUSES.includes(answer.status)) {
      throw new Finding(`${node} answered ${answer.status}: ${answer.body.slice(0, 500)}`);
    }
    if (!head) checkForm(node, answer, due !== undefined);
  }
  if (result.answers.length === 0) tally.ended(`no answer (${result.end})`);
  if (due !== undefined) checkAnswered(node, result);
  const accepted = due === 1 && result.answers[0]?.status === 200 ? result.answers[0] : undefined;
  if (accepted && request.method === "PUT" && request.target.startsWith("/kv/")) {
    const read = (path: string) => arena.read(node, path);
    const wrong = await wronglyAccepted(request, mark, accepted, read);
    if (wrong !== undefined) throw new Finding(`${node}: ${wrong}`);
  }
  if (isHalf(sent, bytes) || isRefused(result)) arena.refused(mark);
}

/** What is proper HTTP is answered, unless the connection was closed behind a refusal. */
function checkAnswered(node: NodeName, { answers, end }: Exchange): void {
  if (end === "silent") throw new Finding(`${node} did not answer a proper request`);
  if (end === "closed" && answers.length === 0) {
    throw new Finding(`${node} closed the connection instead of answering a proper request`);
  }
}

/**
 * Nothing of it may be seen afterwards: all answers say so, and there is one. What the runtime says
 * without a body may be about the bytes behind a request that the node has taken.
 */
function isRefused({ answers, end }: Exchange): boolean {
  return (
    answers.length > 0 &&
    end !== "quiet" &&
    answers.every(({ status, body }) => status >= 400 && status < 504 && body !== "")
  );
}

function checkForm(node: NodeName, { status, headers, body }: RawAnswer, proper: boolean): void {
  const said = `${node} answered ${status} with ${JSON.stringify(body.slice(0, 500))}`;
  if (/\n\s+at .*[:)]|node_modules|\.ts:\d/.test(body) && status >= 400) {
    throw new Finding(`${said}: a stack trace`);
  }
  const byRuntime = body === "" && RUNTIME_STATUSES.includes(status);
  if (byRuntime && (!proper || status === 431)) return;
  const isJson = headers.get("content-type")?.startsWith("application/json") === true;
  if (status >= 400 && !isJson) throw new Finding(`${said}, which is not JSON`);
  if (!isJson) return;
  let parsed: { readonly error?: unknown };
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new Finding(`${said}: JSON that is none`);
  }
  if (status < 400 || status === 503) return;
  const { error, reason } = parsed as { readonly error?: unknown; readonly reason?: unknown };
  if (typeof (error ?? reason) !== "string") throw new Finding(`${said}: no error is named`);
}
