/**
 * One client of a load: a connection that is kept, with at most one request under way. Every
 * request settles exactly once, whatever the server does: by its answer, or by a failure.
 * A request is never sent twice, since the driver can't know whether the lost one was carried out;
 * only one that was refused because another node leads is sent again, to that node.
 */
import type { Socket } from "bun";
import type { Target } from "./load-spec.ts";
import {
  type Answer,
  type Dialogue,
  type Failure,
  ProtocolError,
  type Settlement,
} from "./protocol.ts";
import { HttpDialogue } from "./protocols/http-dialogue.ts";

export interface ConnectionOptions extends Target {
  /** From the send to the answer, setting up the connection included. */
  readonly timeoutMs: number;
  /** How it speaks; HTTP, in which every status is an answer, unless told. */
  readonly dialogue?: () => Dialogue;
  /** Of that HTTP; default no. */
  readonly keepBodies?: boolean;
  /** Goes to the leader that a refusal (403 not_leader) names, and stays with it; default yes. */
  readonly followLeader?: boolean;
}

type Settled = (connection: Connection, settlement: Settlement) => void;

const BACKOFF_MS_FIRST = 5;
const BACKOFF_MS_MAX = 200;
/** From one node that leads no more to the next, for one request. */
const HOPS_MAX = 5;
const NOT_LEADER_STATUS = 403;

const handlers = {
  data(socket: Socket<Connection>, chunk: Buffer) {
    socket.data.received(socket, chunk);
  },
  drain(socket: Socket<Connection>) {
    socket.data.drained(socket);
  },
  end(socket: Socket<Connection>) {
    socket.data.closed(socket);
  },
  close(socket: Socket<Connection>) {
    socket.data.closed(socket);
  },
  error(socket: Socket<Connection>) {
    socket.data.closed(socket);
  },
};

/** See the file's head. `id` counts from 0 within its load. */
export class Connection {
  readonly id: number;
  readonly #options: ConnectionOptions;
  readonly #settled: Settled;
  #socket: Socket<Connection> | undefined;
  #dialogue: Dialogue;
  #underWay = false;
  #deadline = 0;
  #request: Uint8Array | undefined;
  #target: Target;
  #hops = 0;
  /** What the socket would not take yet. */
  #unsent: Uint8Array | undefined;
  #backoffMs = BACKOFF_MS_FIRST;
  #opening: Promise<boolean> | undefined;
  /** Closed by its owner, for good. */
  #over = false;

  constructor(id: number, options: ConnectionOptions, settled: Settled) {
    this.id = id;
    this.#options = options;
    this.#settled = settled;
    this.#target = options;
    this.#dialogue = this.#newDialogue();
  }

  /** Whether a request is under way. */
  get busy(): boolean {
    return this.#underWay;
  }

  /** Sets the connection up ahead of the first request; false where nobody listens. */
  open(): Promise<boolean> {
    if (this.#socket !== undefined) return Promise.resolve(true);
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect(): Promise<boolean> {
    const { hostname, port } = this.#target;
    try {
      const socket = await Bun.connect<Connection>({
        hostname,
        port,
        data: this,
        socket: handlers,
      });
      if (this.#over) {
        socket.terminate();
        return false;
      }
      socket.setNoDelay(true);
      this.#socket = socket;
      this.#backoffMs = BACKOFF_MS_FIRST;
      if (this.#dialogue.hello !== undefined) this.#write(socket, this.#dialogue.hello);
      return true;
    } catch {
      return false;
    }
  }

  /** Sends one request; there must be none under way. */
  send(request: Uint8Array, now: number): void {
    this.#underWay = true;
    this.#hops = 0;
    this.#request = request;
    this.#deadline = now + this.#options.timeoutMs;
    const socket = this.#socket;
    if (socket === undefined) void this.#openAndSend(request, this.#deadline);
    else this.#ask(socket, request);
  }

  /** Gives up the request under way if its time is over; the driver's sweep calls it. */
  expire(now: number): void {
    if (!this.#underWay || now < this.#deadline) return;
    this.#drop();
    this.#target = this.#options;
    this.#settle(0, "", "timeout");
  }

  /** Ends the connection; a request under way settles as lost. */
  close(): void {
    this.#over = true;
    this.#drop();
    if (this.#underWay) this.#settle(0, "", "lost");
  }

  /** @internal The socket's own events. */
  received(socket: Socket<Connection>, chunk: Buffer): void {
    if (socket !== this.#socket) return;
    let answer: Answer | undefined;
    try {
      answer = this.#dialogue.feed(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#drop();
      if (this.#underWay) this.#settle(0, error.message, "lost");
      return;
    }
    if (this.#dialogue.takeOutgoing !== undefined) {
      const outgoing = this.#dialogue.takeOutgoing();
      if (outgoing !== undefined) this.#write(socket, outgoing);
    }
    if (answer !== undefined) this.#answered(answer);
  }

  /** @internal */
  drained(socket: Socket<Connection>): void {
    const unsent = this.#unsent;
    if (socket !== this.#socket || unsent === undefined) return;
    this.#unsent = undefined;
    this.#write(socket, unsent);
  }

  /** @internal */
  closed(socket: Socket<Connection>): void {
    if (socket !== this.#socket) return;
    const answer = this.#dialogue.end?.();
    this.#drop();
    if (answer !== undefined) this.#answered(answer);
    else if (this.#underWay) this.#settle(0, "", "lost");
  }

  #newDialogue(): Dialogue {
    const { dialogue, keepBodies = false } = this.#options;
    return dialogue?.() ?? new HttpDialogue({ keepBodies });
  }

  #answered(answer: Answer): void {
    if (answer.last) this.#drop();
    // What comes unasked (a 408 for idling) is no answer of ours.
    if (!this.#underWay) return;
    if (answer.status === NOT_LEADER_STATUS && this.#follow(answer.body)) return;
    this.#underWay = false;
    this.#settled(this, answer);
  }

  async #openAndSend(request: Uint8Array, deadline: number): Promise<void> {
    const opened = await this.open();
    // Timed out or closed meanwhile: the request is settled, and another may be under way.
    if (!this.#underWay || this.#deadline !== deadline) return;
    const socket = this.#socket;
    if (opened && socket !== undefined) {
      this.#ask(socket, request);
      return;
    }
    // Who led is gone: where this connection started, somebody may know who leads now.
    this.#target = this.#options;
    // The back-off belongs to the failure: a dead server costs an error now and then, not a storm.
    setTimeout(() => {
      if (this.#underWay && this.#deadline === deadline) this.#settle(0, "", "connect");
    }, this.#backoffMs);
    this.#backoffMs = Math.min(this.#backoffMs * 2, BACKOFF_MS_MAX);
  }

  /** Sends the refused request again, to the leader that the refusal names; false without one. */
  #follow(body: string): boolean {
    const request = this.#request;
    const target = this.#options.followLeader === false ? undefined : leaderIn(body);
    if (target === undefined || request === undefined || this.#hops === HOPS_MAX) return false;
    this.#hops += 1;
    this.#drop();
    this.#target = target;
    void this.#openAndSend(request, this.#deadline);
    return true;
  }

  #ask(socket: Socket<Connection>, request: Uint8Array): void {
    const dialogue = this.#dialogue;
    this.#write(socket, dialogue.prepare === undefined ? request : dialogue.prepare(request));
  }

  #write(socket: Socket<Connection>, bytes: Uint8Array): void {
    if (this.#unsent !== undefined) {
      this.#unsent = Buffer.concat([this.#unsent, bytes]);
      return;
    }
    const written = Math.max(0, socket.write(bytes));
    // A copy, since others may use the same bytes before the rest of them is out.
    if (written < bytes.byteLength) this.#unsent = bytes.slice(written);
  }

  /** Forgets the socket; the next request sets up another. */
  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#unsent = undefined;
    this.#dialogue = this.#newDialogue();
    socket?.terminate();
  }

  #settle(status: number, body: string, failure: Failure | undefined): void {
    this.#underWay = false;
    this.#settled(this, { status, body, failure });
  }
}

/** Where the leader is, as the body of a `not_leader` says it. */
function leaderIn(body: string): Target | undefined {
  try {
    const { error, leader } = JSON.parse(body) as { error?: unknown; leader?: unknown };
    if (error !== "not_leader" || typeof leader !== "string") return undefined;
    const { hostname, port } = new URL(leader);
    return { hostname: hostname.replace(/^\[(.*)\]$/, "$1"), port: Number(port || 80) };
  } catch {
    return undefined;
  }
}
