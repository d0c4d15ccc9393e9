/** Messages under way: any of them may be the next to arrive, those across a cut wait. */
import { type Random, randomBelow } from "../../../src/base/random.ts";
import type { Message } from "./messages.ts";

export interface Letter {
  readonly from: number;
  readonly fromLife: number;
  readonly to: number;
  readonly toLife: number;
  readonly message: Message;
}

export class Network {
  #letters: Letter[] = [];
  /** By `from * size + to`. */
  #cut: boolean[] = [];
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  get letters(): readonly Letter[] {
    return this.#letters;
  }

  post(letter: Letter): void {
    this.#letters.push(letter);
  }

  clear(): void {
    this.#letters = [];
  }

  heal(): void {
    this.#cut = [];
  }

  /** Decides for each pair whether messages from the one to the other wait. */
  cut(waits: (from: number, to: number) => boolean): void {
    this.#cut = Array.from({ length: this.#size ** 2 }, (_, pair) => {
      return waits(Math.floor(pair / this.#size), pair % this.#size);
    });
  }

  isCut(letter: Letter): boolean {
    return this.#cut[letter.from * this.#size + letter.to] === true;
  }

  /** Any one of those under way; undefined where it waits at a cut. */
  draw(random: Random): Letter | undefined {
    const at = randomBelow(random, Math.max(1, this.#letters.length));
    const letter = this.#letters[at];
    return letter === undefined || this.isCut(letter) ? undefined : this.#remove(at);
  }

  /** Takes the newest that this is true of. */
  takeLast(wanted: (letter: Letter) => boolean): Letter | undefined {
    const at = this.#letters.findLastIndex(wanted);
    return at < 0 ? undefined : this.#letters.splice(at, 1)[0];
  }

  #remove(at: number): Letter | undefined {
    const letter = this.#letters[at];
    const last = this.#letters.pop();
    if (last !== undefined && at < this.#letters.length) {
      this.#letters[at] = last;
    }
    return letter;
  }
}
