/**
 * Bounds on connections. What there is to know of the runtime's server, which has no hook for a
 * connection that opens:
 *
 * - One connection has one request under way at most: it is cut off when it sends the next one
 *   before the answer to the last has come (unless that is there at once). So the requests under
 *   way, which are counted exactly, are the connections that are in use.
 * - A connection that has not sent a whole head is closed after about 12 seconds, whether it goes
 *   on sending or not. Until then nothing can be done about it.
 * - Idle connections can be closed, all of them at once.
 *
 * So: a request above the bound is refused; with more connections open than that, idle ones are
 * closed; and links of other nodes are neither counted nor refused for it, and have a bound of
 * their own.
 */
import type { Server } from "bun";
import { KvError } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import { errorAnswer } from "./answers.ts";
import { countOpenFiles, openFilesMax } from "./open-files.ts";

/** What bounds connections, and what came of it so far; for the metrics. */
export interface ConnectionCounts {
  /** About how many clients are connected; undefined where the system does not say. */
  readonly open: number | undefined;
  readonly openMax: number;
  /** Requests that are being received or answered. */
  readonly underWay: number;
  /** Other nodes that are connected to this one. */
  readonly links: number;
  /** Connections that were closed because they were idle and there were too many. */
  readonly closed: number;
  /** Requests that were refused because too many were under way. */
  readonly refused: number;
}

/** The part of the runtime's server that this looks at. */
type Watched = Pick<
  Server<unknown>,
  "pendingRequests" | "pendingWebSockets" | "closeIdleConnections"
>;

/** More nodes than a group can have, each of them connected twice. */
export const LINKS_MAX = 64;

const LOOK_EVERY_MS = 250;
const WARN_EVERY_MS = 10_000;
/** Files that clients may not take: links to and from other nodes, the storage's, the log. */
const OTHER_FILES = 256;

/** What is asked by those who watch over a node, and costs next to nothing. */
const ALWAYS_ANSWERED = /^\w+:\/\/[^/]+\/(?:health|ready|metrics)(?:\?|$)/;

/** One node's bounds on connections. */
export class Connections {
  readonly #openMax: number;
  readonly #logger: Logger;
  #server: Watched | undefined;
  #filesAtStart = 0;
  #open: number | undefined;
  #closed = 0;
  #refused = 0;
  #warnedAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: { connectionsMax: number; logger: Logger }) {
    const files = openFilesMax() ?? Number.POSITIVE_INFINITY;
    const left = Math.max(files - OTHER_FILES, Math.ceil(files / 2));
    this.#openMax = Math.min(options.connectionsMax, left);
    this.#logger = options.logger;
  }

  /** Begins to look after a server, until `stop`. */
  watch(server: Watched): void {
    this.#server = server;
    void countOpenFiles().then((files) => {
      this.#filesAtStart = files ?? 0;
    });
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The refusal of a client's request, or undefined where it may go on. */
  refuseRequest(request: Request): Response | undefined {
    const underWay = this.#server?.pendingRequests ?? 0;
    if (underWay <= this.#openMax || ALWAYS_ANSWERED.test(request.url)) return undefined;
    this.#refused += 1;
    return refusal(
      new KvError({
        code: "overloaded",
        message: "Too many requests are under way; try again soon, or set MAX_CONNECTIONS higher.",
        outcome: "refused",
        details: { maxConnections: this.#openMax },
      }),
    );
  }

  /** The refusal of another node's link, or undefined where there is room for it. */
  refuseLink(): Response | undefined {
    if ((this.#server?.pendingWebSockets ?? 0) < LINKS_MAX) return undefined;
    this.#refused += 1;
    return refusal(
      new KvError({
        code: "overloaded",
        message: `More than ${LINKS_MAX} nodes are connected; check who takes this one for theirs.`,
        outcome: "refused",
      }),
    );
  }

  counts(): ConnectionCounts {
    return {
      open: this.#open,
      openMax: this.#openMax,
      underWay: this.#server?.pendingRequests ?? 0,
      links: this.#server?.pendingWebSockets ?? 0,
      closed: this.#closed,
      refused: this.#refused,
    };
  }

  async #look(): Promise<void> {
    const files = await countOpenFiles();
    const server = this.#server;
    if (files === undefined || server === undefined) return;
    this.#open = Math.max(0, files - this.#filesAtStart - server.pendingWebSockets);
    if (this.#open <= this.#openMax) return;
    const closed = server.closeIdleConnections();
    this.#closed += closed;
    this.#warn(this.#open, closed);
  }

  #warn(open: number, closed: number): void {
    const nowMs = performance.now();
    if (nowMs - this.#warnedAtMs < WARN_EVERY_MS) return;
    this.#warnedAtMs = nowMs;
    this.#logger.warn("connections.crowded", { open, maxConnections: this.#openMax, closed });
  }
}

/** Whoever is refused for being one too many must not stay. */
function refusal(error: KvError): Response {
  const answer = errorAnswer(error);
  answer.headers.set("connection", "close");
  return answer;
}
