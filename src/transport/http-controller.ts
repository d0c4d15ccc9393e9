/** The controller as a worker reaches it: one HTTP call a heartbeat. */
import { ERROR_STATUS, type ErrorCode, KvError } from "../base/errors.ts";
import type { ControllerPort, Heartbeat, HeartbeatAnswer } from "../node/heartbeat.ts";

export interface HttpControllerOptions {
  /** Its URL, without a slash at the end. */
  readonly address: string;
  /** A heartbeat that is not answered in this time is lost. */
  readonly timeoutMs: number;
}

/** Rejects with a KvError where the controller refuses, and with an Error where it is not there. */
export function createHttpController({
  address,
  timeoutMs,
}: HttpControllerOptions): ControllerPort {
  return {
    async heartbeat(heartbeat: Heartbeat): Promise<HeartbeatAnswer> {
      const response = await post(`${address}/heartbeat`, JSON.stringify(heartbeat), timeoutMs);
      const answer = parse(response.text);
      if (response.status !== 200) {
        throw refusalOf(answer) ?? strangeAnswer(address, `HTTP ${response.status}`);
      }
      if (!isHeartbeatAnswer(answer)) {
        throw strangeAnswer(address, "something else than a heartbeat's answer");
      }
      return answer;
    },
  };

  async function post(url: string, body: string, patienceMs: number) {
    try {
      const response = await fetch(url, {
        method: "POST",
        body,
        headers: { "content-type": "application/json" },
        signal: AbortSignal.timeout(patienceMs),
        redirect: "manual",
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      const why = error instanceof Error && error.name === "TimeoutError" ? "in time" : "at all";
      throw new Error(`The controller at ${address} did not answer ${why}; is it running?`);
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusalOf(answer: unknown): KvError | undefined {
  const { error, message } = (answer ?? {}) as { error?: unknown; message?: unknown };
  if (typeof error !== "string" || typeof message !== "string" || !(error in ERROR_STATUS)) {
    return undefined;
  }
  return new KvError({ code: error as ErrorCode, message, outcome: "refused" });
}

function strangeAnswer(address: string, what: string): Error {
  return new Error(`${address} answered ${what}; does CONTROLLER name a kvnode controller?`);
}

/** Enough to know that a controller of this version speaks; it is trusted then. */
function isHeartbeatAnswer(answer: unknown): answer is HeartbeatAnswer {
  const { cluster, mapVersion, assignments, wantsAll } = (answer ?? {}) as Record<string, unknown>;
  return (
    typeof (cluster as { id?: unknown } | undefined)?.id === "string" &&
    typeof mapVersion === "number" &&
    Array.isArray(assignments) &&
    typeof wantsAll === "boolean"
  );
}
