/** People who turn things while all goes wrong: they promote, change quorums and delays. */
import { KvError } from "../../../src/base/errors.ts";
import type { Random } from "../../../src/base/random.ts";
import { between, logUniform, pick } from "../draw.ts";
import type { SimulatedProcess } from "../world/member.ts";
import type { World } from "../world/world.ts";
import type { Victims } from "./victims.ts";

export class Operators {
  readonly #world: World;
  readonly #random: Random;
  readonly #victims: Victims;

  constructor(world: World, random: Random, victims: Victims) {
    this.#world = world;
    this.#random = random;
    this.#victims = victims;
  }

  /** Some node, also a blank one or one that lags. */
  promoteOne(): void {
    const { processes } = this.#world;
    if (processes.length > 0) {
      this.promote(pick(this.#random, processes));
    }
  }

  /** Two at once. */
  promoteTwo(): void {
    this.promoteOne();
    this.promoteOne();
  }

  /** Without force: that may lose data, and says so. */
  promote(process: SimulatedProcess, done: (error?: KvError) => void = () => {}): void {
    this.#do(process, "promote", (service) => service.promote({ force: false }), done);
  }

  /** At a node that believes to lead. */
  changeQuorum(): void {
    const process = this.#anyLeader();
    const writeQuorum = between(this.#random, 0, this.#world.members.length - 1);
    if (process !== undefined) {
      this.askForQuorum(process, writeQuorum);
    }
  }

  /** Not where too many nodes are blank for it. */
  askForQuorum(process: SimulatedProcess, writeQuorum: number): void {
    if (this.#victims.allowsQuorum(writeQuorum)) {
      this.#do(process, `quorum ${writeQuorum}`, (service) => service.configure({ writeQuorum }));
    }
  }

  changeDelay(): void {
    const process = this.#anyLeader();
    const maxDelayMs = this.#random.next() < 0.3 ? 0 : logUniform(this.#random, 0.1, 50);
    const minDelayMs = maxDelayMs * this.#random.next();
    if (process !== undefined) {
      const change = { minDelayMs, maxDelayMs };
      this.#do(process, `delay to ${maxDelayMs.toFixed(1)} ms`, (service) => {
        return service.configure(change);
      });
    }
  }

  #anyLeader(): SimulatedProcess | undefined {
    const leaders = this.#world.processes.filter(
      ({ service }) => service.status().role === "leader",
    );
    return leaders.length === 0 ? undefined : pick(this.#random, leaders);
  }

  #do(
    process: SimulatedProcess,
    what: string,
    act: (service: ReturnType<World["serviceOf"]>) => Promise<unknown>,
    done: (error?: KvError) => void = () => {},
  ): void {
    const { trace } = this.#world;
    trace.tell(`operator: ${what} at ${process.name}`);
    process.gate.run(() => {
      // Also what the service throws at once becomes a rejection.
      const call = async () => act(this.#world.serviceOf(process));
      call().then(
        () => {
          trace.tell(`operator: ${what} at ${process.name} done`);
          done();
        },
        (error) => {
          if (!(error instanceof KvError) || error.status === 500) {
            this.#world.faulty(process.name, error);
          } else {
            trace.tell(`operator: ${what} at ${process.name} refused: ${error.message}`);
            done(error);
          }
        },
      );
    });
  }
}
