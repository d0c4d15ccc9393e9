/**
 * What happened in a run, in order. Of each event a hash is kept, so that two runs of one seed can
 * be compared; the lines themselves only where somebody wants to read them, since a run that goes
 * well is never read, and one that does not is run again.
 */

/** Rare events tell the story; frequent ones (each message) are for those who look closer. */
export type TraceLevel = "story" | "detail";

export interface TraceLine {
  readonly atMs: number;
  readonly level: TraceLevel;
  readonly text: string;
}

export class Trace {
  readonly #nowMs: () => number;
  readonly #keeps: boolean;
  readonly #lines: TraceLine[] = [];
  #hash = 0x811c9dc5;
  #events = 0;

  constructor(nowMs: () => number, keeps: boolean) {
    this.#nowMs = nowMs;
    this.#keeps = keeps;
  }

  get lines(): readonly TraceLine[] {
    return this.#lines;
  }

  /** How many events there were. */
  get events(): number {
    return this.#events;
  }

  /** 8 hexadecimal digits; the same for the same events at the same times. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  /** Takes in an event of the story. */
  tell(text: string): void {
    this.#mixText(text);
    if (this.#keeps) {
      this.#lines.push({ atMs: this.#nowMs(), level: "story", text });
    }
  }

  /** Takes in a frequent event by a few numbers; `text` is asked for where lines are kept. */
  note(numbers: readonly number[], text: () => string): void {
    this.#events += 1;
    this.#mix(Math.round(this.#nowMs() * 1_000));
    for (const number of numbers) {
      this.#mix(number);
    }
    if (this.#keeps) {
      this.#lines.push({ atMs: this.#nowMs(), level: "detail", text: text() });
    }
  }

  #mixText(text: string): void {
    this.#events += 1;
    this.#mix(Math.round(this.#nowMs() * 1_000));
    for (let at = 0; at < text.length; at++) {
      this.#mix(text.charCodeAt(at));
    }
  }

  #mix(number: number): void {
    this.#hash = Math.imul(this.#hash ^ (number | 0), 0x01000193);
    this.#hash ^= this.#hash >>> 15;
  }
}

/** Lines for people; those of `detail` only where asked. */
export function formatTrace(lines: readonly TraceLine[], withDetail: boolean): string[] {
  return lines
    .filter(({ level }) => withDetail || level === "story")
    .map(({ atMs, text }) => `${atMs.toFixed(3).padStart(12)}  ${text}`);
}
