/**
 * A bound on the large bodies that are being received. Many senders, each of which sends most of a
 * large body and then nothing, would otherwise make this node hold all that they have sent.
 */
import { KvError } from "../base/errors.ts";

/** Counts the bytes of bodies that are not whole yet. */
export class BodyBudget {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes that have come and belong to bodies that are not whole yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Counts bytes that have come; throws `overloaded`, and has counted nothing, above the bound.
   * What comes while nothing else is under way is taken, so that no bound locks a body out.
   */
  take(bytes: number, ownBytes: number): void {
    const others = this.#bytes - ownBytes;
    if (others > 0 && this.#bytes + bytes > this.#bytesMax) {
      throw new KvError({
        code: "overloaded",
        message: "Too many large bodies are being received at the moment; try again soon.",
        outcome: "refused",
        details: { receivingBytes: this.#bytes, pendingBytes: this.#bytesMax },
      });
    }
    this.#bytes += bytes;
  }

  /** Takes back what was counted for a body, whatever became of it. */
  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}
