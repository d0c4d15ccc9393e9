/**
 * Records a history against real nodes: clients that each write, read (level=linearizable unless
 * told) and delete random keys, one operation after the other. Every written value is unique, so
 * that a read tells which write it saw.
 *
 * A request is never sent twice: a copy of a lost write that arrives late would be another write.
 */
import { Connection } from "../../bench/load/connection.ts";
import type { Settlement } from "../../bench/load/protocol.ts";
import { toRequest } from "../../bench/load/request.ts";
import { type Random, randomBelow } from "../../src/base/random.ts";
import type { Operation, OperationOutcome } from "./history.ts";

export interface RecorderOptions {
  /** URL of the node to ask this, as `http://127.0.0.1:5000`; asked before each operation. */
  readonly targetOf: (kind: Operation["kind"], client: number) => string;
  /** Of the reads; linearizable unless told. */
  readonly level?: "linearizable" | "local";
  readonly clients: number;
  /** How many operations all clients together make. */
  readonly operations: number;
  readonly keys: readonly string[];
  readonly random: Random;
  /** Without an answer by then the outcome is unknown; longer than the nodes' own time-out. */
  readonly timeoutMs: number;
  /** Stands in every value, so that those of several recordings on the same keys differ. */
  readonly label?: string;
  /** Called at each operation's end; its client makes the next one when that is done. */
  readonly answered?: (answered: Answered) => void | Promise<void>;
}

/** An operation with the answer as it came. */
export interface Answered {
  readonly operation: Operation;
  /** 0 stands for no answer. */
  readonly status: number;
  readonly body: string;
}

/** A recording that is under way. */
export interface Recording {
  /** Operations that have ended so far. */
  readonly count: number;
  /** How often each status was answered; 0 stands for no answer. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Begins no more operations. */
  stop(): void;
  /** All operations, by their end, once every client has made its last. */
  readonly history: Promise<readonly Operation[]>;
}

const READ_SHARE = 0.5;
const DELETE_SHARE = 0.1;
const SWEEP_MS = 20;

type Question = Pick<Operation, "client" | "key" | "kind" | "value">;

/** Starts the clients and returns at once. */
export function startRecording(options: RecorderOptions): Recording {
  const { random, keys, label = "value" } = options;
  const operations: Operation[] = [];
  const statuses = new Map<number, number>();
  let left = options.operations;

  const nextQuestion = (client: number): Question => {
    left -= 1;
    const key = keys[randomBelow(random, keys.length)] as string;
    const chance = random.next();
    if (chance < READ_SHARE) return { client, key, kind: "read" };
    if (chance < READ_SHARE + DELETE_SHARE) return { client, key, kind: "delete" };
    return { client, key, kind: "write", value: JSON.stringify(`${label}-${left}`) };
  };

  const clients = Array.from(
    { length: options.clients },
    (_, client) => new Client(client, options),
  );
  const sweep = setInterval(() => {
    for (const client of clients) client.expire();
  }, SWEEP_MS);
  const work = async (client: Client) => {
    while (left > 0) {
      const question = nextQuestion(client.id);
      const invokedAtMs = performance.now();
      const answer = await client.ask(options.targetOf(question.kind, client.id), question);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const operation = toOperation({ question, answer, invokedAtMs });
      operations.push(operation);
      await options.answered?.({ operation, status: answer.status, body: answer.body });
    }
    client.close();
  };
  const history = Promise.all(clients.map(work)).then(() => operations);
  return {
    get count() {
      return operations.length;
    },
    statuses,
    stop() {
      left = 0;
    },
    history: history.finally(() => clearInterval(sweep)),
  };
}

/** One client, with a connection to each node that it has asked. */
class Client {
  readonly id: number;
  readonly #timeoutMs: number;
  readonly #level: string;
  readonly #connections = new Map<string, Connection>();
  #settle: ((settlement: Settlement) => void) | undefined;

  constructor(id: number, { timeoutMs, level = "linearizable" }: RecorderOptions) {
    this.id = id;
    this.#timeoutMs = timeoutMs;
    this.#level = level;
  }

  /** Resolves when the node has answered or the request has failed. */
  ask(target: string, { key, kind, value }: Question): Promise<Settlement> {
    const { promise, resolve } = Promise.withResolvers<Settlement>();
    this.#settle = resolve;
    const query = kind === "read" ? `?level=${this.#level}` : "";
    const request = toRequest({
      method: METHODS[kind],
      path: `/kv/${encodeURIComponent(key)}${query}`,
      host: new URL(target).host,
      ...(value === undefined ? {} : { json: `{"value":${value}}` }),
    });
    this.#connectionTo(target).send(request, performance.now());
    return promise;
  }

  /** Gives up a request whose time is over. */
  expire(): void {
    for (const connection of this.#connections.values()) connection.expire(performance.now());
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
  }

  #connectionTo(target: string): Connection {
    const known = this.#connections.get(target);
    if (known !== undefined) return known;
    const { hostname, port } = new URL(target);
    const options = { hostname, port: Number(port), timeoutMs: this.#timeoutMs, keepBodies: true };
    const settled = (_: Connection, settlement: Settlement) => this.#settle?.(settlement);
    const connection = new Connection(this.id, options, settled);
    this.#connections.set(target, connection);
    return connection;
  }
}

const METHODS = { write: "PUT", read: "GET", delete: "DELETE" } as const;

function toOperation(options: {
  readonly question: Question;
  readonly answer: Settlement;
  readonly invokedAtMs: number;
}): Operation {
  const { question, answer, invokedAtMs } = options;
  const outcome = outcomeOf(question.kind, answer);
  const returnedAtMs = answer.failure === undefined ? performance.now() : undefined;
  const operation = { ...question, invokedAtMs, returnedAtMs, outcome };
  // A delete that found nothing wrote nothing: it says what a read says.
  const foundNothing = question.kind === "delete" && answer.status === 200 && !existed(answer);
  if (foundNothing) return { ...operation, kind: "read" };
  if (question.kind !== "read" || answer.status !== 200) return operation;
  return { ...operation, value: JSON.stringify(JSON.parse(answer.body).value) };
}

function existed({ body }: Settlement): boolean {
  return (JSON.parse(body) as { existed?: unknown }).existed !== false;
}

/** Everything that does not say clearly what became of it is unknown, an answer 500 included. */
function outcomeOf(kind: Operation["kind"], { status, failure }: Settlement): OperationOutcome {
  if (status === 200 || (kind === "read" && status === 404)) return "ok";
  // Nobody listened: not a byte was sent.
  if (failure === "connect") return "refused";
  return status === 503 || (status >= 400 && status < 500) ? "refused" : "unknown";
}
