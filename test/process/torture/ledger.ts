/**
 * What clients were told of their writes, against what the nodes hold in the end. It looks at each
 * key alone and at versions, and knows nothing of time: a second judge beside the checker of
 * linearizability.
 */
import type { Operation } from "../../linearizability/history.ts";

/** What stands at a key. */
export interface Standing {
  /** JSON text; undefined is an absent key. */
  readonly value: string | undefined;
  /** As `"1.42"`; undefined where the key was never there, or nobody remembers its removal. */
  readonly version: string | undefined;
}

export type Finding = "lost" | "visible refused";

interface Account {
  /** The acknowledged one with the highest version. */
  acknowledged: { readonly value: string | undefined; readonly version: string } | undefined;
  /** The version is not known where no answer came. */
  readonly indeterminate: {
    readonly value: string | undefined;
    readonly version: string | undefined;
  }[];
}

export class Ledger {
  readonly #accounts = new Map<string, Account>();
  /** Values of refused writes. */
  readonly #refused = new Set<string>();

  get keys(): readonly string[] {
    return [...this.#accounts.keys()];
  }

  /** Takes in a write or a delete that has ended, with the body of its answer. */
  note({ key, kind, value, outcome }: Operation, body: string): void {
    if (kind === "read") return;
    const account = this.#account(key);
    if (outcome === "refused") {
      if (value !== undefined) this.#refused.add(value);
    } else if (outcome === "unknown") {
      account.indeterminate.push({ value, version: versionIn(body) });
    } else {
      const version = versionIn(body);
      if (version === undefined) throw new Error(`an acknowledgement without a version: ${body}`);
      const last = account.acknowledged?.version;
      if (last === undefined || isNewer(version, last)) account.acknowledged = { value, version };
    }
  }

  /** Was this value refused to the one who wrote it? */
  isRefused(value: string | undefined): boolean {
    return value !== undefined && this.#refused.has(value);
  }

  /** What is wrong with what stands at this key; undefined if nothing is. */
  judge(key: string, standing: Standing): { finding: Finding; sentence: string } | undefined {
    if (this.isRefused(standing.value)) {
      return { finding: "visible refused", sentence: `${key}: ${say(standing)} was refused` };
    }
    const { acknowledged, indeterminate } = this.#account(key);
    const explained = indeterminate.some(
      ({ value, version }) =>
        value === standing.value &&
        (version === undefined ||
          acknowledged === undefined ||
          isNewer(version, acknowledged.version)),
    );
    if (acknowledged === undefined) {
      return standing.value === undefined || explained
        ? undefined
        : { finding: "lost", sentence: `${key}: nobody has written ${say(standing)}` };
    }
    const older = standing.version !== undefined && isNewer(acknowledged.version, standing.version);
    if (!older && (standing.value === acknowledged.value || explained)) return undefined;
    const sentence = `${key}: ${say(acknowledged)} was acknowledged, ${say(standing)} stands there`;
    return { finding: "lost", sentence };
  }

  #account(key: string): Account {
    const known = this.#accounts.get(key);
    if (known !== undefined) return known;
    const account: Account = { acknowledged: undefined, indeterminate: [] };
    this.#accounts.set(key, account);
    return account;
  }
}

function versionIn(body: string): string | undefined {
  if (body === "") return undefined;
  const { version } = JSON.parse(body) as { version?: unknown };
  return typeof version === "string" ? version : undefined;
}

function isNewer(version: string, than: string): boolean {
  const [epoch = 0, sequence = 0] = version.split(".").map(Number);
  const [otherEpoch = 0, otherSequence = 0] = than.split(".").map(Number);
  return epoch > otherEpoch || (epoch === otherEpoch && sequence > otherSequence);
}

function say({ value, version }: Standing): string {
  return `${(value ?? "(absent)").slice(0, 60)} (version ${version ?? "unknown"})`;
}
