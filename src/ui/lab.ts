/**
 * The lab at a leader: turn the write quorum and the simulated network, write, and see the latency.
 * How it looks: lab-view.ts.
 */
import type { NodeStatus } from "./node-status.ts";
import type { Fields } from "./page.ts";
import type { Note } from "./parts.ts";
import { type Ask, explain, type Reply } from "./reply.ts";
import { addSample, type Sample } from "./samples.ts";
import { readWriteClock, type WriteClock, writesBetween } from "./write-clock.ts";

export interface LabParts {
  readonly ask: Ask;
  readonly redraw: () => void;
  readonly status: () => NodeStatus;
  /** Brings the newest status after a change. */
  readonly refresh: () => Promise<void>;
}

/** Enough for a median, and soon over. */
const WRITES_PER_RUN = 40;

const KEY_PATH = "/kv/lab%2Flatency";

export class Lab {
  readonly #parts: LabParts;
  samples: readonly Sample[] = [];
  note: Note | undefined;
  /** Writes are on their way, or quorums are tried. */
  busy = false;
  #stopAsked = false;
  #clock: WriteClock | undefined;

  constructor(parts: LabParts) {
    this.#parts = parts;
  }

  async act(name: string, fields: Fields): Promise<void> {
    if (name === "stop") this.#stopAsked = true;
    if (name === "forget") {
      this.samples = [];
      this.#parts.redraw();
    }
    if (name === "turn") await this.#turn(changeOf(fields));
    if (this.busy) return;
    if (name === "burst") await this.#whileBusy(() => this.#burst());
    if (name === "sweep") await this.#whileBusy(() => this.#sweep());
  }

  /** Takes in the writes since the last call, whoever made them. */
  async observe(): Promise<void> {
    const clock = await readWriteClock(this.#parts.ask);
    const between = writesBetween(this.#clock, clock);
    this.#clock = clock;
    const { minDelay, maxDelay, writeQuorum } = this.#parts.status();
    if (between === undefined || writeQuorum === null) return;
    const { writes, meanMs: ms } = between;
    const conditions = { required: writeQuorum, network: network(minDelay, maxDelay) };
    this.samples = addSample(this.samples, { ...conditions, ms, writes });
    this.#parts.redraw();
  }

  async #turn(change: Readonly<Record<string, unknown>>): Promise<boolean> {
    const body = JSON.stringify(change);
    const reply = await this.#parts.ask({ method: "PATCH", path: "/config", body });
    if (reply.ok) {
      const { writeQuorum, minDelay, maxDelay } = reply.body;
      const delay = network(String(minDelay), String(maxDelay));
      const sentence = `A write waits for ${writeQuorum}, the network takes ${delay}.`;
      this.note = { tone: "ok", title: "Turned.", sentence };
      await this.#parts.refresh();
    } else {
      this.#tell(reply, "PATCH");
    }
    this.#parts.redraw();
    return reply.ok;
  }

  async #burst(): Promise<boolean> {
    for (let number = 1; number <= WRITES_PER_RUN && !this.#stopAsked; number++) {
      const body = `{"value":${number}}`;
      const reply = await this.#parts.ask({ method: "PUT", path: KEY_PATH, body });
      if (!reply.ok) {
        this.#tell(reply, "PUT");
        return false;
      }
      await this.observe();
    }
    return true;
  }

  /** Every quorum from 1 to all followers, and back to the one that held. */
  async #sweep(): Promise<void> {
    const { writeQuorum, followers } = this.#parts.status();
    this.samples = [];
    for (let quorum = 1; quorum <= followers.length && !this.#stopAsked; quorum++) {
      const turned = await this.#turn({ writeQuorum: quorum });
      if (!turned || !(await this.#burst())) break;
    }
    const trouble = this.note?.tone === "ok" ? undefined : this.note;
    if (writeQuorum !== null) await this.#turn({ writeQuorum });
    if (trouble !== undefined) this.note = trouble;
  }

  async #whileBusy(work: () => Promise<unknown>): Promise<void> {
    this.busy = true;
    this.#stopAsked = false;
    this.note = undefined;
    this.#parts.redraw();
    await work();
    this.busy = false;
    this.#parts.redraw();
  }

  #tell(reply: Reply, method: "PATCH" | "PUT"): void {
    const { kind, title, sentence } = explain(reply, { isWrite: method === "PUT" });
    this.note = { tone: kind, title: `${title}.`, sentence };
  }
}

/** `none`, `5ms`, `0.1ms–1ms`. */
export function network(minDelay: string, maxDelay: string): string {
  if (minDelay === maxDelay) return minDelay === "0ms" ? "no delay" : minDelay;
  return `${minDelay}–${maxDelay}`;
}

/** Only what is there, so that what is left empty stays as it is. */
function changeOf(fields: Fields): Record<string, unknown> {
  const { quorum, minDelay, maxDelay } = fields;
  return {
    ...(quorum === undefined ? {} : { writeQuorum: Number(quorum) }),
    ...(minDelay === undefined ? {} : { minDelay: delayOf(minDelay) }),
    ...(maxDelay === undefined ? {} : { maxDelay: delayOf(maxDelay) }),
  };
}

/** A bare number means milliseconds. */
function delayOf(text: string): string {
  const trimmed = text.trim();
  return /^[\d.]+$/.test(trimmed) ? `${trimmed}ms` : trimmed;
}
