/** What must be true at the moment in which a client is told that its write is acknowledged. */
import type { Entry } from "../../../src/core/entry.ts";
import { compareVersions } from "../../../src/core/version.ts";
import type { WriteAnswer } from "../../../src/http/service.ts";
import { type LoggedOperation, nameOf } from "./operation-log.ts";
import type { Rule } from "./violation.ts";

/** What a node has ever held at a key: on its disk, where it has one. */
export type HeldAt = (slot: number, key: string, sinceMs: number) => Entry | "lost" | undefined;

export interface AcknowledgementsOptions {
  readonly nodes: number;
  readonly heldAt: HeldAt;
  readonly broken: (rule: Rule, message: string, key: string) => void;
}

export class Acknowledgements {
  readonly #options: AcknowledgementsOptions;
  /** Which process acknowledged in an epoch. */
  readonly #leaders = new Map<number, string>();

  constructor(options: AcknowledgementsOptions) {
    this.#options = options;
  }

  /** `leader` names the process, another one at each start of a node. */
  came(leader: string, operation: Pick<LoggedOperation, "invokedAtMs">, answer: WriteAnswer): void {
    const { broken, nodes } = this.#options;
    const { entry, acks, required } = answer;
    const known = this.#leaders.get(entry.epoch);
    if (known === undefined) {
      this.#leaders.set(entry.epoch, leader);
    } else if (known !== leader) {
      broken("leaders", `${known} and ${leader} acknowledge in epoch ${entry.epoch}`, entry.key);
    }
    const slots = Array.from({ length: nodes }, (_, slot) => slot);
    const holders = slots.filter((slot) => this.#holds(slot, entry, operation.invokedAtMs));
    if (acks < required || holders.length < required + 1) {
      const { key, value, epoch, sequence } = entry;
      const what = `${nameOf(value)} of ${epoch}.${sequence}`;
      const claim = `acknowledged with ${acks} of ${required}`;
      broken("held", `${what}, ${claim}, is held by nodes ${holders.join(", ")} alone`, key);
    }
  }

  /** A node that has lost its disk since the write began may have held it before. */
  #holds(slot: number, entry: Entry, sinceMs: number): boolean {
    const held = this.#options.heldAt(slot, entry.key, sinceMs);
    return held === "lost" || (held !== undefined && compareVersions(held, entry) >= 0);
  }
}
