/**
 * The clients of a run. Each asks one thing after the other: it writes a value that nobody else
 * writes, removes, or reads what is committed; at the node that it believes to lead, and sometimes
 * at another one. It takes a hint of who leads, gives up on an answer that does not come, and never
 * asks the same thing twice.
 */
import { KvError } from "../../src/base/errors.ts";
import type { Random } from "../../src/base/random.ts";
import type { WriteAnswer } from "../../src/http/service.ts";
import type { OperationOutcome } from "../linearizability/history.ts";
import { between, chance, createStream, pick, untilNextMs } from "./draw.ts";
import { type LoggedOperation, nameOf } from "./truth/operation-log.ts";
import { isSame } from "./truth/state-watch.ts";
import { addressOf, type SimulatedProcess } from "./world/member.ts";
import type { World } from "./world/world.ts";

/** After so long without an answer it goes on; longer than any node's own time-out. */
const PATIENCE_MS = 3_000;
/** A call takes at most so long to get to its node. */
const WAY_MS = 2;

export class Clients {
  readonly #world: World;
  readonly #random: Random;
  /** The slot that each believes to lead. */
  readonly #beliefs: number[];
  #working = true;
  #underWay = 0;

  constructor(world: World) {
    const { seed, clients } = world.parameters;
    this.#world = world;
    this.#random = createStream(seed, "clients");
    this.#beliefs = new Array(clients.count).fill(0);
  }

  /** Questions that have not been answered and not been given up. */
  get underWay(): number {
    return this.#underWay;
  }

  start(): void {
    for (const client of this.#beliefs.keys()) {
      this.#later(client);
    }
  }

  /** They ask nothing new. */
  stop(): void {
    this.#working = false;
  }

  /** Asks one thing at a node, once; resolves in the log. Returns what it asked. */
  ask(options: {
    readonly client: number;
    readonly slot: number;
    readonly kind: LoggedOperation["kind"];
    readonly key: string;
    readonly done?: (operation: LoggedOperation) => void;
  }): LoggedOperation {
    const { log, clock, parameters, trace } = this.#world;
    const { client, slot, kind, key } = options;
    const operation = log.invoked({ client, kind, key, length: parameters.clients.valueLength });
    this.#underWay += 1;
    const finish = (outcome: OperationOutcome, value?: string) => {
      if (operation.outcome !== undefined) {
        return;
      }
      cancel();
      this.#underWay -= 1;
      log.returned(operation, outcome, value);
      const what = kind === "delete" ? "removal" : nameOf(operation.value);
      trace.tell(`client ${client}: ${kind} ${key} ${what} at node${slot}: ${outcome}`);
      if (outcome === "refused" && kind === "write") {
        this.#world.watch.refused(operation);
      }
      options.done?.(operation);
    };
    const cancel = clock.after(PATIENCE_MS, () => finish("unknown"));
    clock.after(this.#random.next() * WAY_MS, () => {
      const { process } = this.#world.member(slot);
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
    const { parameters, clientKeys, members } = this.#world;
    const { readShare, removeShare, wrongNodeShare } = parameters.clients;
    const random = this.#random;
    const wrong = chance(random, wrongNodeShare);
    const slot = wrong ? between(random, 0, members.length - 1) : (this.#beliefs[client] ?? 0);
    const kind = chance(random, readShare)
      ? "read"
      : chance(random, removeShare)
        ? "delete"
        : "write";
    const done = (operation: LoggedOperation) => {
      if (operation.outcome !== "ok" && this.#beliefs[client] === slot && chance(random, 0.5)) {
        this.#beliefs[client] = between(random, 0, members.length - 1);
      }
      this.#later(client);
    };
    this.ask({ client, slot, kind, key: pick(random, clientKeys), done });
  }

  #call(call: {
    process: SimulatedProcess;
    operation: LoggedOperation;
    finish(outcome: OperationOutcome, value?: string): void;
  }): void {
    const { process, operation, finish } = call;
    const died = () => finish("unknown");
    process.unanswered.add(died);
    const fail = (error: unknown) => {
      process.unanswered.delete(died);
      if (process.gate.alive) {
        finish(this.#outcomeOf(error, process, operation));
      }
    };
    process.gate.run(() => {
      this.#perform(process, operation).then(({ value }) => {
        process.unanswered.delete(died);
        if (process.gate.alive) {
          finish("ok", value);
        }
      }, fail);
    });
  }

  /** Rejects as the service does, also where that throws at once. */
  async #perform(
    process: SimulatedProcess,
    operation: LoggedOperation,
  ): Promise<{ value?: string | undefined }> {
    const service = this.#world.serviceOf(process);
    const { key, kind, value } = operation;
    if (kind === "read") {
      return { value: (await service.readLinearizable(key))?.value };
    }
    if (kind === "write") {
      const answer = await service.write(key, value as string);
      this.#acknowledged(process, operation, answer);
      return {};
    }
    const before = process.service.readLocal(key);
    const removal = service.remove(key);
    const after = process.service.readLocal(key);
    if (after !== undefined && !isSame(after, before) && after.value === undefined) {
      this.#world.watch.removed(operation, after);
    }
    const { existed, entry, acks, required } = await removal;
    if (existed && entry !== undefined) {
      this.#world.watch.removed(operation, entry);
      this.#acknowledged(process, operation, { entry, acks, required });
    }
    return {};
  }

  #acknowledged(process: SimulatedProcess, operation: LoggedOperation, answer: WriteAnswer): void {
    // What the process still does once it is dead reaches nobody.
    if (process.gate.alive && operation.outcome === undefined) {
      this.#world.acknowledgements.came(process.name, operation, answer);
    }
  }

  /** What HTTP would have told: see ERROR_STATUS. Anything but a KvError is a fault. */
  #outcomeOf(
    error: unknown,
    process: SimulatedProcess,
    { client, kind }: LoggedOperation,
  ): OperationOutcome {
    if (!(error instanceof KvError) || error.status === 500) {
      this.#world.faulty(process.name, error);
      return "unknown";
    }
    const { leader } = error.details;
    const hinted = this.#world.members.findIndex(({ slot }) => addressOf(slot) === leader);
    if (hinted >= 0) {
      this.#beliefs[client] = hinted;
    }
    if (kind !== "read" && error.outcome === "indeterminate") {
      return "unknown";
    }
    return error.status === 504 ? "unknown" : "refused";
  }
}
