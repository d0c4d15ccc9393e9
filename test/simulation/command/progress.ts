/** One line that says how far it is: rewritten on a terminal, else a new one now and then. */
const ON_TERMINAL_EVERY_MS = 200;
const ELSEWHERE_EVERY_MS = 10_000;

export class ProgressLine {
  readonly #startedMs = performance.now();
  #saidMs = performance.now();
  #shown = false;

  /** Seconds since the beginning. */
  get seconds(): number {
    return (performance.now() - this.#startedMs) / 1_000;
  }

  /** Shows it, if the last one is old enough. */
  show(text: string): void {
    const { isTTY } = process.stderr;
    const nowMs = performance.now();
    if (nowMs - this.#saidMs < (isTTY ? ON_TERMINAL_EVERY_MS : ELSEWHERE_EVERY_MS)) {
      return;
    }
    this.#saidMs = nowMs;
    this.#shown = true;
    process.stderr.write(isTTY ? `\r\u001b[K${text}` : `${text}\n`);
  }

  /** Makes room for what comes next. */
  clear(): void {
    if (this.#shown && process.stderr.isTTY) {
      process.stderr.write("\r\u001b[K");
    }
  }
}
