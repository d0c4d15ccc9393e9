/**
 * The clients of a run. Each asks one thing after the other, at any worker: it writes a value that
 * nobody else writes, removes, reads what is committed, reads what that worker has, or lists. It
 * gives up on an answer that does not come, and never asks the same thing twice.
 */
import { KvError } from "../../../src/base/errors.ts";
import type { Random } from "../../../src/base/random.ts";
import type { Entry } from "../../../src/core/entry.ts";
import type { OperationOutcome } from "../../linearizability/history.ts";
import { between, chance, createStream, pick, untilNextMs } from "../draw.ts";
import { type LoggedOperation, nameOf } from "../truth/operation-log.ts";
import type { ClusterWorld } from "./world/cluster-world.ts";
import type { WorkerProcess } from "./world/surroundings.ts";

/** A call takes at most so long to get to its worker. */
const WAY_MS = 2;
/** The share of questions that are not part of the history: local reads and lists. */
const ASIDE = 0.15;

export interface Question {
  readonly client: number;
  readonly slot: number;
  readonly kind: LoggedOperation["kind"];
  readonly key: string;
  readonly done?: (operation: LoggedOperation) => void;
}

export class Clients {
  readonly #world: ClusterWorld;
  readonly #random: Random;
  /** The worker that each likes to ask. */
  readonly #favourites: number[];
  readonly #patienceMs: number;
  #working = true;
  #underWay = 0;

  constructor(world: ClusterWorld) {
    const { seed, clients, replicationTimeoutMs, calls } = world.parameters;
    this.#world = world;
    this.#random = createStream(seed, "clients");
    this.#favourites = Array.from({ length: clients.count }, () => this.#anySlot());
    // Longer than any worker's own time-outs.
    this.#patienceMs = 3 * replicationTimeoutMs + calls.forwardPatienceMs;
  }

  /** Questions that have not been answered and not been given up. */
  get underWay(): number {
    return this.#underWay;
  }

  /** So long it takes until each question is answered or given up. */
  get patienceMs(): number {
    return this.#patienceMs + 100;
  }

  start(): void {
    for (const client of this.#favourites.keys()) {
      this.#later(client);
    }
  }

  /** They ask nothing new. */
  stop(): void {
    this.#working = false;
  }

  /** Asks one thing at a worker, once; resolves in the log. Returns what it asked. */
  ask(question: Question): LoggedOperation {
    const { log, clock, parameters, trace } = this.#world;
    const { client, slot, kind, key } = question;
    const operation = log.invoked({ client, kind, key, length: parameters.clients.valueLength });
    this.#underWay += 1;
    const finish = (outcome: OperationOutcome, value?: string, why = "") => {
      if (operation.outcome !== undefined) {
        return;
      }
      cancel();
      this.#underWay -= 1;
      log.returned(operation, outcome, value);
      const what = kind === "delete" ? "removal" : nameOf(operation.value);
      trace.tell(`client ${client}: ${kind} ${key} ${what} at w${slot}: ${outcome}${why}`);
      if (outcome === "refused" && kind === "write") {
        this.#world.watchOf(key).refused(operation);
      }
      question.done?.(operation);
    };
    const cancel = clock.after(this.#patienceMs, () =>
      finish("unknown", undefined, " (no answer)"),
    );
    clock.after(this.#random.next() * WAY_MS, () => {
      const { process } = this.#world.place(slot);
      if (process === undefined) {
        finish("refused");
      } else {
        this.#call({ process, operation, finish });
      }
    });
    return operation;
  }

  #later(client: number): void {
    const { clock, parameters } = this.#world;
    const waitMs = untilNextMs(this.#random, 1_000 / parameters.clients.thinkMs);
    clock.after(waitMs, () => {
      if (this.#working) {
        this.#next(client);
      }
    });
  }

  #next(client: number): void {
    const { parameters, keys } = this.#world;
    const { readShare, removeShare, wrongNodeShare } = parameters.clients;
    const random = this.#random;
    const slot = chance(random, wrongNodeShare) ? this.#anySlot() : (this.#favourites[client] ?? 0);
    if (chance(random, ASIDE)) {
      this.#askAside(slot);
      this.#later(client);
      return;
    }
    const kind = chance(random, readShare)
      ? "read"
      : chance(random, removeShare)
        ? "delete"
        : "write";
    const done = (operation: LoggedOperation) => {
      if (operation.outcome !== "ok" && chance(random, 0.5)) {
        this.#favourites[client] = this.#anySlot();
      }
      this.#later(client);
    };
    this.ask({ client, slot, kind, key: pick(random, keys.client), done });
  }

  #anySlot(): number {
    return between(this.#random, 0, this.#world.places.length - 1);
  }

  #call(call: {
    process: WorkerProcess;
    operation: LoggedOperation;
    finish(outcome: OperationOutcome, value?: string, why?: string): void;
  }): void {
    const { process, operation, finish } = call;
    const died = () => finish("unknown", undefined, " (its process died)");
    process.unanswered.add(died);
    // What the process has said before it has got so far, it has not said when it dies.
    const saidBy = (say: () => void) => {
      process.unanswered.delete(died);
      if (process.gate.alive) {
        say();
      }
    };
    process.gate.run(() => {
      this.#perform(process, operation).then(
        ({ value }) => saidBy(() => finish("ok", value)),
        (error) =>
          saidBy(() => finish(this.#outcomeOf(error, process, operation), undefined, why(error))),
      );
    });
  }

  async #perform(
    process: WorkerProcess,
    operation: LoggedOperation,
  ): Promise<{ value?: string | undefined }> {
    const world = this.#world;
    const { service } = process.worker;
    const { key, kind, value } = operation;
    if (kind === "read") {
      return { value: (await service.readLinearizable(key))?.value };
    }
    if (kind === "write") {
      const answer = await service.write(key, value as string);
      if (answer.node === undefined || answer.node === process.place.id) {
        world.acknowledged(process, answer);
      }
      return {};
    }
    const { existed, entry } = await world.watchRemoval(process, key, () => service.remove(key));
    if (existed && entry !== undefined) {
      world.removed(operation, entry);
    }
    return {};
  }

  /** A local read or a list: nothing that was refused, or that nobody wrote, may be seen. */
  #askAside(slot: number): void {
    const { process } = this.#world.place(slot);
    const random = this.#random;
    const key = pick(random, this.#world.keys.client);
    const lists = chance(random, 0.5);
    process?.gate.run(() => {
      const { service } = process.worker;
      const ask = async () =>
        lists
          ? (await service.list({ prefix: "", after: null, limit: 100 })).items
          : [await service.readLocal(key)];
      ask().then(
        (items) => this.#seen(process, items),
        (error) => this.#outcomeOf(error, process, { kind: "read" }),
      );
    });
  }

  #seen({ place }: WorkerProcess, items: readonly (Entry | undefined)[]): void {
    const { log } = this.#world;
    for (const item of items) {
      if (item?.value === undefined) {
        continue;
      }
      const writer = log.writerOf(item.value);
      if (writer?.key !== item.key) {
        this.#world.broken("invented", `${place.id} gives ${nameOf(item.value)}`, item.key);
      } else if (writer.outcome === "refused") {
        const what = `${place.id} gives ${nameOf(item.value)}, which was refused`;
        this.#world.broken("refused", what, item.key);
      }
    }
  }

  /** What HTTP would have told: see ERROR_STATUS. Anything but a KvError is a fault. */
  #outcomeOf(
    error: unknown,
    process: WorkerProcess,
    { kind }: Pick<LoggedOperation, "kind">,
  ): OperationOutcome {
    if (!(error instanceof KvError) || error.status === 500) {
      this.#world.faulty(process.name, error);
      return "unknown";
    }
    if (kind !== "read" && error.outcome === "indeterminate") {
      return "unknown";
    }
    return error.status === 504 ? "unknown" : "refused";
  }
}

function why(error: unknown): string {
  return error instanceof KvError ? ` (${error.code})` : "";
}
