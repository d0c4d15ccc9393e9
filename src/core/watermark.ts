/**
 * The highest sequence up to which everything is held, while sequences arrive in any order.
 *
 * The simulated network lets copies overtake one another, so "the highest seen" says nothing about
 * what lies below it. Here 1, 2, 5 gives 2; when 3 and 4 come it gives 5.
 *
 * Invariants: every sequence ≤ value is held; `above` holds only sequences > value + 1 … and never
 * value + 1 itself. `value` only grows.
 */
export class Watermark {
  #value: number;
  readonly #above = new Set<number>();

  /** Everything up to `value` is held to begin with. */
  constructor(value = 0) {
    this.#value = value;
  }

  /** Everything up to and including this sequence is held; 0 where nothing is. */
  get value(): number {
    return this.#value;
  }

  /** How many sequences are held above the first gap. */
  get aboveCount(): number {
    return this.#above.size;
  }

  /** The sequences held above the first gap, in no order. */
  above(): number[] {
    return [...this.#above];
  }

  holds(sequence: number): boolean {
    return sequence <= this.#value || this.#above.has(sequence);
  }

  /** Takes one sequence in; false if it was held already. */
  add(sequence: number): boolean {
    if (sequence === this.#value + 1) {
      this.#value = sequence;
      if (this.#above.size > 0) {
        this.#closeGap();
      }
      return true;
    }
    if (this.holds(sequence)) {
      return false;
    }
    this.#above.add(sequence);
    return true;
  }

  /** Whether raising to `sequence` would bring the value to `goal` or beyond. */
  wouldReach(sequence: number, goal: number): boolean {
    for (let next = Math.max(sequence, this.#value) + 1; next <= goal; next++) {
      if (!this.#above.has(next)) {
        return false;
      }
    }
    return true;
  }

  /** Everything up to `sequence` is held from now on (a page of catch-up says so). */
  raiseTo(sequence: number): void {
    if (sequence <= this.#value) {
      return;
    }
    this.#value = sequence;
    for (const held of this.#above) {
      if (held <= sequence) {
        this.#above.delete(held);
      }
    }
    this.#closeGap();
  }

  #closeGap(): void {
    while (this.#above.delete(this.#value + 1)) {
      this.#value += 1;
    }
  }
}
