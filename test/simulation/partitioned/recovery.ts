/**
 * What a cluster has to do by itself: form at first; and when all has healed go on, bring every
 * copy to where it belongs, end equal, and go on without its controller too.
 */
import { createStream, pick } from "../draw.ts";
import type { LoggedOperation } from "../truth/operation-log.ts";
import type { Rule } from "../truth/violation.ts";
import type { Clients } from "./clients.ts";
import { findMisplaced } from "./truth/placement.ts";
import type { ClusterWorld } from "./world/cluster-world.ts";

/** How often the cluster is looked at. */
const POLL_MS = 20;
/** What was not answered is asked again after so long. */
const ASK_EVERY_MS = 100;
/** So long after all has healed each partition takes writes, and everything is in place. */
const PROGRESS_MS = 60_000;
const IN_PLACE_MS = 120_000;
/** Nobody is asked before the workers have found each other again. */
const PATIENCE_ALONE_MS = 20_000;

export class Recovery {
  readonly #world: ClusterWorld;
  readonly #clients: Clients;
  readonly #random;

  constructor(world: ClusterWorld, clients: Clients) {
    this.#world = world;
    this.#clients = clients;
    this.#random = createStream(world.parameters.seed, "recovery");
  }

  /** Every partition has its primary, and that one's followers are up to date. */
  untilFormed(patienceMs: number): boolean {
    return this.#poll(() => {
      const { parameters, processes } = this.#world;
      const leads = processes.flatMap(({ worker }) =>
        [...worker.node.groups.values()].flatMap((group) => group.report().leads ?? []),
      );
      const complete = leads.filter(
        ({ open, followers }) => open && followers.every(({ synced }) => synced),
      );
      return complete.length === parameters.partitions;
    }, patienceMs);
  }

  /** A write to each partition succeeds, at any worker. */
  untilItGoesOn(): void {
    this.#untilAnswered("write", this.#world.keys.probes, "progress", PROGRESS_MS);
  }

  /** All copies are where they belong, hold the same, and there are no others. */
  untilInPlace(): void {
    let wrong: string | undefined;
    const inPlace = this.#poll(() => {
      wrong = findMisplaced(this.#world);
      return wrong === undefined;
    }, IN_PLACE_MS);
    if (!inPlace) {
      this.#world.broken("placement", `after ${IN_PLACE_MS} ms: ${wrong}`);
    }
  }

  /** Reads every key, as a client does, until each is answered; the answers are history. */
  readAll(): ReadonlyMap<string, string | undefined> {
    const { keys } = this.#world;
    return this.#untilAnswered("read", keys.all, "progress", PROGRESS_MS);
  }

  /**
   * The controller is gone. With disks all workers go too, perhaps, and come back: they go on as
   * they were told last. Or one worker goes for good: whatever it did not lead goes on where enough
   * others are left.
   */
  untilItGoesOnAlone(): void {
    if (this.#world.violation !== undefined) {
      return;
    }
    const { controller, places, parameters, trace, keys } = this.#world;
    trace.tell("without the controller");
    controller.kill("machine");
    const { probes } = keys;
    const lone = pick(this.#random, places);
    const what = this.#random.next();
    let served = probes;
    if (parameters.durable && what < 0.4) {
      for (const place of places) {
        place.kill("process");
        place.start();
      }
    } else if (parameters.durable && what < 0.8) {
      served = probes.filter((_, partition) => this.#canDoWithout(lone.id, partition));
      lone.kill("process");
    }
    this.#untilAnswered("write", served, "alone", PATIENCE_ALONE_MS);
    this.#untilAnswered("read", served, "alone", PATIENCE_ALONE_MS);
    if (lone.process === undefined) {
      lone.start();
    }
    controller.start();
  }

  #canDoWithout(worker: string, partition: number): boolean {
    const assignment = this.#world.decisions.newest.get(partition);
    const others = assignment?.members.filter((copy) => copy.worker !== worker) ?? [];
    return assignment?.primary !== worker && others.length >= this.#world.parameters.writeQuorum;
  }

  /** Asks this of each key at one worker after another, until each has been answered. */
  #untilAnswered(
    kind: "write" | "read",
    keys: readonly string[],
    rule: Rule,
    patienceMs: number,
  ): ReadonlyMap<string, string | undefined> {
    const { clock, parameters } = this.#world;
    const client = parameters.clients.count;
    const asked = new Map<string, LoggedOperation>();
    let askAtMs = clock.nowMs();
    const isOpen = (key: string) => asked.get(key)?.outcome !== "ok";
    const answered = this.#poll(() => {
      if (clock.nowMs() >= askAtMs) {
        askAtMs = clock.nowMs() + ASK_EVERY_MS;
        for (const key of keys.filter(isOpen)) {
          const last = asked.get(key);
          if (last === undefined || last.outcome !== undefined) {
            const { places, processes } = this.#world;
            const possible: readonly { slot: number }[] = processes.length > 0 ? processes : places;
            const { slot } = pick(this.#random, possible);
            asked.set(key, this.#clients.ask({ client, slot, kind, key }));
          }
        }
      }
      return !keys.some(isOpen);
    }, patienceMs);
    if (!answered) {
      const missing = keys.filter(isOpen).join(", ");
      this.#world.broken(rule, `no ${kind} of ${missing} within ${patienceMs} ms`);
    }
    return new Map([...asked].map(([key, { value }]) => [key, value]));
  }

  #poll(holds: () => boolean, patienceMs: number): boolean {
    const { clock } = this.#world;
    const endMs = clock.nowMs() + patienceMs;
    while (this.#world.violation === undefined) {
      if (holds()) {
        return true;
      }
      if (clock.nowMs() >= endMs) {
        return false;
      }
      // What waits may come due later than the next look.
      clock.advanceNow(POLL_MS);
    }
    return false;
  }
}
