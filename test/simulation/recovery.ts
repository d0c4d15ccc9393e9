/** What a group has to do by itself: form at first, and go on and end equal when all has healed. */
import type { KvError } from "../../src/base/errors.ts";
import { lastOf } from "../support/last-of.ts";
import type { Clients } from "./clients.ts";
import { createStream } from "./draw.ts";
import { FEATURES } from "./features.ts";
import { Operators } from "./misfortunes/operators.ts";
import { Victims } from "./misfortunes/victims.ts";
import { type LoggedOperation, nameOf } from "./truth/operation-log.ts";
import type { SimulatedProcess } from "./world/member.ts";
import { PROBE_KEY, readShown, type World } from "./world/world.ts";

/** How often the group is looked at. */
const POLL_MS = 20;
/** So long it may take until some node leads by itself; then an operator promotes one. */
const PATIENT_MS = 8_000;
/** What was not answered is asked again after so long. */
const ASK_EVERY_MS = 100;
/** An operator tries another node after so long. */
const PROMOTE_EVERY_MS = 2_000;
/** So long after all has healed a write must succeed. */
const PROGRESS_MS = 60_000;
/** And so long after that every node must hold the same. */
const EQUAL_MS = 60_000;

export class Recovery {
  readonly #world: World;
  readonly #clients: Clients;
  readonly #operators: Operators;

  constructor(world: World, clients: Clients) {
    this.#world = world;
    this.#clients = clients;
    const random = createStream(world.parameters.seed, "recovery");
    this.#operators = new Operators(world, random, new Victims(world, random));
  }

  /** The first leader takes writes, and every follower is synced. */
  untilFormed(patienceMs: number): boolean {
    return this.#poll(() => {
      const status = this.#world.member(0).process?.service.status();
      const synced = status?.followers.filter((each) => each.connected && each.synced) ?? [];
      return status?.epoch !== 0 && synced.length === this.#world.members.length - 1;
    }, patienceMs);
  }

  /** A write succeeds, at a node that came to lead by itself or was promoted. */
  untilItGoesOn(): void {
    const { clock, members } = this.#world;
    const startMs = clock.nowMs();
    let promoteAtMs = startMs + PATIENT_MS;
    let next = 0;
    let written: LoggedOperation | undefined;
    let writeAtMs = startMs;
    let reason = "nobody leads";
    const goesOn = this.#poll(() => {
      if (written?.outcome === "ok") {
        return true;
      }
      const leader = this.#leader();
      if (leader !== undefined && !isUnderWay(written) && clock.nowMs() >= writeAtMs) {
        writeAtMs = clock.nowMs() + ASK_EVERY_MS;
        reason = `node${leader.slot} leads and takes no write`;
        written = this.#ask(leader, "write", PROBE_KEY);
      } else if (leader === undefined && clock.nowMs() >= promoteAtMs && FEATURES.takeover) {
        promoteAtMs = clock.nowMs() + PROMOTE_EVERY_MS;
        const candidate = members[next++ % members.length]?.process as SimulatedProcess;
        const refused = (error?: KvError) => {
          reason = error?.message ?? reason;
        };
        this.#operators.promote(candidate, refused);
      }
      return false;
    }, PROGRESS_MS);
    if (!goesOn) {
      this.#world.broken("progress", `no write within ${PROGRESS_MS} ms: ${reason}`);
    }
  }

  /** Every node is synced and holds the same. */
  untilEqual(): void {
    const equal = this.#poll(() => {
      const { processes } = this.#world;
      const statuses = processes.map(({ service }) => service.status());
      const level = statuses.every(
        ({ synced, blank, watermark }) => synced && !blank && watermark === statuses[0]?.watermark,
      );
      return level && new Set(this.#digests()).size === 1;
    }, EQUAL_MS);
    if (!equal) {
      const why = this.#differences().join("; ") || "they hold the same, but do not all say so";
      this.#world.broken("equal", `not equal after ${EQUAL_MS} ms: ${why}`);
    }
  }

  /**
   * Reads every key at the leader, as a client does, until each is answered; the answers are part
   * of the history. What an operator asked for long ago may still come to be in the middle of it.
   */
  readAll(): ReadonlyMap<string, string | undefined> {
    const { clock, keys } = this.#world;
    const reads = new Map<string, LoggedOperation>();
    let askAtMs = clock.nowMs();
    const answered = this.#poll(() => {
      const open = keys.filter((key) => reads.get(key)?.outcome !== "ok");
      const leader = this.#leader();
      if (leader !== undefined && clock.nowMs() >= askAtMs) {
        askAtMs = clock.nowMs() + ASK_EVERY_MS;
        for (const key of open.filter((each) => !isUnderWay(reads.get(each)))) {
          reads.set(key, this.#ask(leader, "read", key));
        }
      }
      return open.length === 0;
    }, PROGRESS_MS);
    if (!answered) {
      this.#world.broken("progress", `no linearizable reads within ${PROGRESS_MS} ms`);
    }
    return new Map([...reads].map(([key, { value }]) => [key, value]));
  }

  #leader(): SimulatedProcess | undefined {
    const leaders = this.#world.processes.filter(
      ({ service }) => service.status().role === "leader",
    );
    return leaders.sort((a, b) => b.service.status().epoch - a.service.status().epoch)[0];
  }

  #ask(process: SimulatedProcess, kind: "write" | "read", key: string): LoggedOperation {
    const client = this.#world.parameters.clients.count;
    return this.#clients.ask({ client, slot: process.slot, kind, key });
  }

  #digests(): string[] {
    return this.#world.processes.map(({ service }) => {
      const { keys, digest } = lastOf(service.digest());
      return `${keys} keys ${digest}`;
    });
  }

  /** Where nodes differ: the key, and what each shows there. */
  #differences(): string[] {
    return this.#world.keys.flatMap((key) => {
      const shown = this.#world.processes.map(({ service }) => {
        const entry = readShown(service, key);
        if (entry === "refused") {
          return "says nothing";
        }
        return entry?.value === undefined
          ? "absent"
          : `${nameOf(entry.value)} of ${entry.epoch}.${entry.sequence}`;
      });
      const names = this.#world.processes.map(({ slot }, index) => `node${slot} ${shown[index]}`);
      return new Set(shown).size > 1 ? [`${key}: ${names.join(", ")}`] : [];
    });
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

function isUnderWay(operation: LoggedOperation | undefined): boolean {
  return operation !== undefined && operation.outcome === undefined;
}
