/**
 * A server that answers as a node in a state that a real one is hard to bring into: for what the
 * commands make of such an answer.
 */
import type { Server } from "bun";

export interface ScriptedNode {
  readonly url: string;
  /** Method and path of every request so far. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

/** A fitting `/status` with these fields. */
export function statusOf(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return {
    node: "n",
    address: null,
    role: "follower",
    leader: null,
    epoch: 1,
    synced: false,
    blank: false,
    watermark: 0,
    commitWatermark: 0,
    writeQuorum: 1,
    minDelay: "0ms",
    maxDelay: "0ms",
    keys: 0,
    followers: [],
    members: [],
    possibleLoss: [],
    ...fields,
  };
}

/** Serves on a free port what `answer` gives for a method and path, 404 where it gives nothing. */
export function startScriptedNode(
  answer: (call: string, url: string) => Response | undefined,
): ScriptedNode {
  const asked: string[] = [];
  const server: Server<undefined> = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const call = `${request.method} ${new URL(request.url).pathname}`;
      asked.push(call);
      return answer(call, url) ?? Response.json({ error: "not_found" }, { status: 404 });
    },
  });
  const url = `http://127.0.0.1:${server.port}`;
  return { url, asked, stop: () => server.stop(true) };
}
