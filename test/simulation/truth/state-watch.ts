/**
 * Looks at what a node shows to its readers after each step that it makes, and knows what must
 * never be seen there: a value that nobody wrote or that was refused, two entries of one version,
 * and a key that goes back to before an acknowledged write.
 *
 * A takeover gives entries new versions, so "before" is told by the version that a write got first,
 * from the leader that took it. A key may go back only in the very step in which the node changes
 * over to another leader's state or its process starts again, and only from a write that was never
 * acknowledged: a leader shows its own writes before they are on its disk.
 */
import type { Entry } from "../../../src/core/entry.ts";
import { compareVersions, type Version } from "../../../src/core/version.ts";
import { type LoggedOperation, nameOf, type OperationLog } from "./operation-log.ts";
import type { Rule } from "./violation.ts";

/** A node as its readers see it. */
export interface Shown {
  readonly slot: number;
  /** The epoch of the leader whose state it shows. */
  readonly epoch: number;
  /** What stands at the key, a tombstone too. */
  read(key: string): Entry | "refused" | undefined;
}

interface Standing {
  /** Whose state it was shown from. */
  epoch: number;
  /** The newest thing that was shown there; a tombstone stays when it is forgotten. */
  entry: Entry | undefined;
  writer: LoggedOperation | undefined;
  /** The key shows nothing now, though an entry was seen before. */
  forgotten: boolean;
  /** The process that showed this is dead. */
  died: boolean;
  /** The copy that showed this was replaced: tombstones of meanwhile need not have come to it. */
  renewed: boolean;
}

export interface StateWatchOptions {
  readonly nodes: number;
  readonly keys: readonly string[];
  readonly log: OperationLog;
  readonly broken: (rule: Rule, message: string, key: string) => void;
}

export class StateWatch {
  readonly #options: StateWatchOptions;
  readonly #standings: Standing[][];
  /** What each version stands for. */
  readonly #byVersion = new Map<string, string | undefined>();
  /** Writes that were seen at some node. */
  readonly #seen = new Set<LoggedOperation>();
  /** The removal that made a tombstone, where it is known. */
  readonly #removals = new Map<string, LoggedOperation>();

  constructor(options: StateWatchOptions) {
    this.#options = options;
    const nothing = (): Standing => {
      const marks = { forgotten: false, died: false, renewed: false };
      return { epoch: 0, entry: undefined, writer: undefined, ...marks };
    };
    this.#standings = Array.from({ length: options.nodes }, () => options.keys.map(nothing));
  }

  /** The node has made a step. */
  stepped(node: Shown): void {
    this.#options.keys.forEach((key, at) => {
      const standing = this.#standings[node.slot]?.[at] as Standing;
      const entry = node.read(key);
      if (entry === "refused") {
        return;
      }
      const changedOver = standing.epoch !== node.epoch;
      standing.epoch = node.epoch;
      const same = entry === undefined ? standing.forgotten : isKnown(standing, entry);
      if (!(same && standing.forgotten === (entry === undefined))) {
        this.#look({ node, key, standing, entry, changedOver });
      }
    });
  }

  /** The node's process has died: what was never acknowledged may be gone with it. */
  died(slot: number): void {
    for (const standing of this.#standings[slot] ?? []) {
      standing.died = true;
    }
  }

  /** The node has begun a copy from nothing, in the place of the one that it had. */
  renewed(slot: number): void {
    for (const standing of this.#standings[slot] ?? []) {
      standing.renewed = true;
    }
  }

  /** A leader has taken this removal and given its tombstone this version. */
  removed(operation: LoggedOperation, entry: Entry): void {
    operation.version ??= entry;
    this.#removals.set(textOf(operation.key, entry), operation);
  }

  /** A write was refused: nobody may have seen it. */
  refused(operation: LoggedOperation): void {
    if (this.#seen.has(operation)) {
      const message = `${nameOf(operation.value)} was seen and then refused`;
      this.#options.broken("refused", message, operation.key);
    }
  }

  /** What the node showed last at a key. */
  shownAt(slot: number, key: string): Entry | undefined {
    return this.#standings[slot]?.[this.#options.keys.indexOf(key)]?.entry;
  }

  #look(seen: {
    node: Shown;
    key: string;
    standing: Standing;
    entry: Entry | undefined;
    changedOver: boolean;
  }): void {
    const { node, key, standing, entry } = seen;
    if (entry === undefined) {
      // A tombstone may be forgotten, and for readers nothing has changed.
      if (standing.entry?.value !== undefined) {
        if (!(standing.renewed && this.#mayBeRemoved(key))) {
          this.#wentBack(seen, "absent");
        }
        standing.entry = undefined;
        standing.writer = undefined;
      }
      standing.forgotten = true;
      standing.died = false;
      standing.renewed = false;
      return;
    }
    const writer = this.#writerOf(node, key, entry);
    const previous = standing.entry;
    if (
      previous !== undefined &&
      isOlder({ entry, writer }, { entry: previous, writer: standing.writer })
    ) {
      this.#wentBack(seen, `${nameOf(entry.value)} of ${versionText(entry)}`);
    }
    standing.entry = entry;
    standing.writer = writer;
    standing.forgotten = false;
    standing.died = false;
    standing.renewed = false;
  }

  #mayBeRemoved(key: string): boolean {
    return this.#options.log.operations.some(
      (each) => each.kind === "delete" && each.key === key && each.outcome !== "refused",
    );
  }

  /** Who wrote what is shown, once it is known that it may be shown at all. */
  #writerOf(node: Shown, key: string, entry: Entry): LoggedOperation | undefined {
    const { log, broken } = this.#options;
    const version = versionText(entry);
    const content = `${key} ${entry.value}`;
    const known = this.#byVersion.get(version);
    if (known === undefined) {
      this.#byVersion.set(version, content);
    } else if (known !== content) {
      broken("version", `version ${version} is ${shorten(known)} and ${shorten(content)}`, key);
    }
    if (entry.value === undefined) {
      return this.#removals.get(textOf(key, entry));
    }
    const writer = log.writerOf(entry.value);
    if (writer === undefined || writer.key !== key) {
      broken("invented", `node ${node.slot} shows ${nameOf(entry.value)}`, key);
      return undefined;
    }
    if (writer.outcome === "refused") {
      broken("refused", `node ${node.slot} shows ${nameOf(entry.value)}, which was refused`, key);
    }
    writer.version ??= entry;
    this.#seen.add(writer);
    return writer;
  }

  #wentBack(
    seen: { node: Shown; key: string; standing: Standing; changedOver: boolean },
    to: string,
  ): void {
    const { node, key, standing, changedOver } = seen;
    const from = standing.entry as Entry;
    const acknowledged = standing.writer?.outcome === "ok";
    if (acknowledged || !(changedOver || standing.died)) {
      const why = acknowledged ? "which was acknowledged" : "with no change of the leader";
      const what = `${nameOf(from.value)} of ${versionText(from)}`;
      const message = `node ${node.slot} showed ${what}, ${why}, and now shows ${to}`;
      this.#options.broken("backwards", message, key);
    }
  }
}

/** Two reads of one key have found the same write. */
export function isSame(one: Entry | undefined, other: Entry | undefined): boolean {
  if (one === undefined || other === undefined) {
    return one === other;
  }
  return compareVersions(one, other) === 0 && one.value === other.value;
}

/** It shows what it showed before, and is the same process with the same copy. */
function isKnown({ entry: known, died, renewed }: Standing, entry: Entry): boolean {
  return !died && !renewed && isSame(entry, known);
}

interface Seen {
  readonly entry: Entry;
  readonly writer: LoggedOperation | undefined;
}

/** By the versions that they got first, where those are known; else by those that they have. */
function isOlder(one: Seen, other: Seen): boolean {
  const ofOne: Version = one.writer?.version ?? one.entry;
  const ofOther: Version = other.writer?.version ?? other.entry;
  if (one.writer?.version === undefined || other.writer?.version === undefined) {
    // A tombstone of unknown origin: it may have any version below the one it has now.
    return compareVersions(one.entry, other.entry) < 0;
  }
  return compareVersions(ofOne, ofOther) < 0;
}

function textOf(key: string, version: Version): string {
  return `${versionText(version)} ${key}`;
}

function versionText({ epoch, sequence }: Version): string {
  return `${epoch}.${sequence}`;
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
