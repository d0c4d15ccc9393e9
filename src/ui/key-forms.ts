/** Write Key, Read Key and List Keys: what the forms do. How they look: key-forms-view.ts. */
import type { Confirmation } from "./confirmation.ts";
import {
  itemsIn,
  type ListItem,
  pathOfKey,
  problemOfKey,
  shorten,
  type TakenAs,
  takeValue,
  valueIn,
} from "./keys.ts";
import type { Fields } from "./page.ts";
import type { Note } from "./parts.ts";
import { type Ask, explain, type Reply } from "./reply.ts";
import { count, duration } from "./words.ts";

/** Ask any that is up; and: ask all, each from its own copy. */
export const ANY = "";
export const EVERY = "*";

/** A worker that can be asked through the controller. */
export interface Target {
  readonly id: string;
  readonly up: boolean;
}

export interface KeyFormsParts {
  readonly ask: Ask;
  readonly redraw: () => void;
  readonly confirmation: Confirmation;
  /** Undefined: the page's own node is the only one to ask. */
  readonly targets: (() => readonly Target[]) | undefined;
  /** Where a read's level is not chosen. */
  readonly defaultLevel: () => "local" | "linearizable";
  /** What a confirmation comes from: `replica` or `follower`. */
  readonly confirmedBy: () => "replica" | "follower";
  /** Hears of each key that was written, read or removed. */
  readonly onKey?: (key: string) => void;
  /** Hears of each write that was confirmed. */
  readonly onWrite?: () => void;
}

/** What one node answered to a read. */
export interface ReadAnswer {
  readonly asked: string;
  /** JSON text; undefined: see `note`. */
  readonly value: string | undefined;
  readonly version: string;
  readonly by: string;
  readonly ms: number;
  readonly note: Note | undefined;
}

export interface ListShown {
  readonly prefix: string;
  readonly worker: string;
  readonly items: readonly ListItem[];
  readonly next: string | null;
  /** How many keys stand on the pages before. */
  readonly before: number;
}

const PAGE_SIZE = 20;
const BUSY: Note = { tone: "busy", title: "Waiting for the answer …", sentence: "" };

export class KeyForms {
  readonly parts: KeyFormsParts;
  writeNote: Note | undefined;
  readNote: Note | undefined;
  reads: readonly ReadAnswer[] = [];
  listNote: Note | undefined;
  list: ListShown | undefined;
  /** As typed; shown is how it will be taken. */
  typed: { value: string; as: TakenAs } = { value: "", as: "auto" };

  constructor(parts: KeyFormsParts) {
    this.parts = parts;
  }

  async act(name: string, fields: Fields): Promise<void> {
    if (name === "typed") this.typed = { value: fields.value ?? "", as: takenAs(fields.as) };
    else if (name === "write") await this.#write(fields);
    else if (name === "read") await this.#read(fields);
    else if (name === "delete") await this.#delete(fields);
    else if (name === "list") await this.#list(fields, 0);
    else if (name === "next-page") await this.#nextPage();
    else return;
    this.parts.redraw();
  }

  async #write(fields: Fields): Promise<void> {
    const key = fields.key ?? "";
    const taken = takeValue(fields.value ?? "", takenAs(fields.as));
    const problem = problemOfKey(key) ?? ("problem" in taken ? taken.problem : undefined);
    const base = this.#baseOf(fields.worker);
    if (problem !== undefined || base === undefined || "problem" in taken) {
      this.writeNote = problem === undefined ? NOBODY_UP : notSent(problem);
      return;
    }
    this.#show("writeNote", BUSY);
    const body = `{"value":${taken.json}}`;
    const reply = await this.parts.ask({ method: "PUT", path: pathOfKey(base, key), body });
    this.writeNote = reply.ok
      ? { tone: "ok", title: "Written.", sentence: this.#confirmed(key, reply) }
      : explained(reply, true);
    this.parts.onKey?.(key);
    if (reply.ok) this.parts.onWrite?.();
  }

  async #read(fields: Fields): Promise<void> {
    const key = fields.key ?? "";
    const problem = problemOfKey(key);
    const everyone = fields.worker === EVERY ? (this.parts.targets?.() ?? []) : undefined;
    const base = this.#baseOf(fields.worker);
    this.reads = [];
    if (problem !== undefined) {
      this.readNote = notSent(problem);
    } else if (everyone !== undefined && everyone.length > 0) {
      this.#show("readNote", BUSY);
      const asked = everyone.map(({ id }) => this.#readAt(viaBase(id), id, key, "local"));
      this.reads = await Promise.all(asked);
      this.readNote = undefined;
      this.parts.onKey?.(key);
    } else if (base === undefined || everyone !== undefined) {
      this.readNote = NOBODY_UP;
    } else {
      this.#show("readNote", BUSY);
      const level = fields.level === "local" ? "local" : "linearizable";
      const answer = await this.#readAt(base, fields.worker ?? "", key, level);
      this.readNote = answer.note;
      this.reads = answer.note === undefined ? [answer] : [];
      this.parts.onKey?.(key);
    }
  }

  async #readAt(base: string, asked: string, key: string, level: string): Promise<ReadAnswer> {
    const reply = await this.parts.ask({ path: pathOfKey(base, key, `level=${level}`) });
    const by = typeof reply.body.node === "string" ? reply.body.node : asked;
    const shared = { asked, by, ms: reply.ms, version: String(reply.body.version ?? "") };
    if (!reply.ok) return { ...shared, value: undefined, note: explained(reply, false) };
    return { ...shared, value: valueIn(reply.text), note: undefined };
  }

  async #delete(fields: Fields): Promise<void> {
    const key = fields.key ?? "";
    const problem = problemOfKey(key);
    const base = this.#baseOf(fields.worker === EVERY ? ANY : fields.worker);
    if (problem !== undefined || base === undefined) {
      this.readNote = problem === undefined ? NOBODY_UP : notSent(problem);
      this.reads = [];
      return;
    }
    const wanted = await this.parts.confirmation.ask({
      title: `Delete ${shorten(key, 60)}?`,
      text: "The key and its value are removed on every copy.",
      yes: "Delete",
    });
    if (!wanted) return;
    this.reads = [];
    this.#show("readNote", BUSY);
    const reply = await this.parts.ask({ method: "DELETE", path: pathOfKey(base, key) });
    if (!reply.ok) this.readNote = explained(reply, true);
    else if (reply.body.existed === false) {
      this.readNote = { tone: "ok", title: "Nothing to delete.", sentence: "No such key." };
    } else {
      this.readNote = { tone: "ok", title: "Deleted.", sentence: this.#confirmed(key, reply) };
    }
    this.parts.onKey?.(key);
  }

  async #nextPage(): Promise<void> {
    if (this.list?.next == null) return;
    const { prefix, worker, next, before, items } = this.list;
    await this.#list({ prefix, worker, after: next }, before + items.length);
  }

  async #list(fields: Fields, before: number): Promise<void> {
    const { prefix = "", worker = ANY, after } = fields;
    const base = this.#baseOf(worker);
    if (base === undefined) {
      this.listNote = NOBODY_UP;
      return;
    }
    const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
    if (prefix !== "") query.set("prefix", prefix);
    if (after !== undefined) query.set("after", after);
    const reply = await this.parts.ask({ path: `${base}/kv?${query}` });
    if (!reply.ok) {
      this.listNote = explained(reply, false);
      return;
    }
    const items = itemsIn(reply.text);
    const next = typeof reply.body.next === "string" ? reply.body.next : null;
    this.list = { prefix, worker, items, next, before };
    this.listNote = this.list.items.length === 0 ? noKeys(prefix) : undefined;
  }

  /** Below which path a worker's calls are; undefined where there is nobody to ask. */
  #baseOf(worker: string | undefined): string | undefined {
    if (this.parts.targets === undefined) return "";
    if (worker !== undefined && worker !== ANY && worker !== EVERY) return viaBase(worker);
    const up = this.parts.targets().find((target) => target.up);
    return up === undefined ? undefined : viaBase(up.id);
  }

  #confirmed(key: string, reply: Reply): string {
    const { acks, required, version, node } = reply.body;
    const by = count(Number(acks), this.parts.confirmedBy());
    return (
      `${shorten(key, 60)} is version ${version}, confirmed by ${by} (${required} required), ` +
      `answered by ${node} in ${duration(reply.ms)}.`
    );
  }

  #show(place: "writeNote" | "readNote", note: Note): void {
    this[place] = note;
    this.parts.redraw();
  }
}

const NOBODY_UP: Note = {
  tone: "failed",
  title: "Nobody to ask.",
  sentence: "No worker is up: start one, or bring one back.",
};

function viaBase(worker: string): string {
  return `/via/${encodeURIComponent(worker)}`;
}

function takenAs(text: string | undefined): TakenAs {
  return text === "text" || text === "json" ? text : "auto";
}

function notSent(problem: string): Note {
  return { tone: "failed", title: "Not sent.", sentence: problem };
}

function explained(reply: Reply, isWrite: boolean): Note {
  const { kind, title, sentence } = explain(reply, { isWrite });
  return { tone: kind, title: `${title}.`, sentence };
}

function noKeys(prefix: string): Note {
  const which = prefix === "" ? "There are no keys yet." : `No key begins with ${prefix}.`;
  return { tone: "ok", title: which, sentence: "" };
}
