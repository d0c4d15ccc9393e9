/** Heartbeats that were refused lately, one of each sender, so that people see who does not fit. */

export interface Refusal {
  readonly id: string;
  readonly address: string;
  readonly error: string;
  readonly message: string;
  /** ISO 8601, of the last one. */
  readonly at: string;
}

/** Strangers must not fill memory. */
const KEPT = 20;

export class Refusals {
  readonly #bySender = new Map<string, Refusal>();

  /** Oldest first. */
  get all(): readonly Refusal[] {
    return [...this.#bySender.values()];
  }

  /** True where it is news: the sender was not refused before, or for something else. */
  add(refusal: Refusal): boolean {
    const sender = nameOf(refusal.id, refusal.address);
    const before = this.#bySender.get(sender);
    this.#bySender.delete(sender);
    this.#bySender.set(sender, refusal);
    const [oldest] = this.#bySender.keys();
    if (this.#bySender.size > KEPT && oldest !== undefined) {
      this.#bySender.delete(oldest);
    }
    return before?.error !== refusal.error;
  }

  /** This sender was taken. */
  forget(id: string, address: string): void {
    this.#bySender.delete(nameOf(id, address));
  }
}

function nameOf(id: string, address: string): string {
  return `${id} ${address}`;
}
