/** How far the analysis is: a bar on a terminal, else a line for each step that is done. */
import { Presets, SingleBar } from "cli-progress";

/** A step as the progress sees it. */
export interface ProgressStep {
  readonly label: string;
  /** What it will count up to. */
  readonly total: number;
  readonly expectedMs: number;
}

const BAR_UNITS = 1_000;
/** Time left is a guess from the share done so far; before this share it would be a wild one. */
const GUESS_FROM = 0.02;

/** Follows the steps of one analysis; call `stop` however it ends. */
export class Progress {
  readonly #expectedMs: number;
  readonly #bar: SingleBar | undefined;
  readonly #startedAt = performance.now();
  #doneMs = 0;
  #step: ProgressStep | undefined;
  #stepStartedAt = 0;

  constructor(steps: readonly { readonly expectedMs: number }[]) {
    this.#expectedMs = steps.reduce((sum, step) => sum + step.expectedMs, 0);
    if (!process.stderr.isTTY) return;
    const format = " {bar} {percentage} % | {label} | {rate}/s | {left}";
    // Ending gracefully is the analysis's own business: it has results to write.
    const look = { format, hideCursor: true, barsize: 30, gracefulExit: false };
    this.#bar = new SingleBar(look, Presets.shades_classic);
    this.#bar.start(BAR_UNITS, 0, { label: "starting", rate: "–", left: "" });
  }

  start(step: ProgressStep): void {
    this.#step = step;
    this.#stepStartedAt = performance.now();
    this.update(0);
  }

  /** So many of the step's total are done. */
  update(done: number): void {
    const step = this.#step;
    if (step === undefined || this.#bar === undefined) return;
    const seconds = (performance.now() - this.#stepStartedAt) / 1000;
    const rate = done === 0 ? "–" : Math.round(done / seconds).toLocaleString("en-US");
    const share = this.#shareWith((step.expectedMs * done) / step.total);
    const payload = { label: step.label, rate, left: this.#left(share) };
    this.#bar.update(Math.round(share * BAR_UNITS), payload);
  }

  /** The step is done, and this is what came of it. */
  finish(outcome: string): void {
    const step = this.#step;
    if (step === undefined) return;
    this.#doneMs += step.expectedMs;
    this.#step = undefined;
    if (this.#bar !== undefined) return;
    const share = this.#shareWith(0);
    const left = this.#left(share);
    const percent = `${Math.round(share * 100)} %`;
    console.error(`${step.label}: ${outcome} (${[percent, left].filter(Boolean).join(", ")})`);
  }

  stop(): void {
    this.#bar?.stop();
  }

  #shareWith(doneMs: number): number {
    return this.#expectedMs === 0 ? 1 : Math.min(1, (this.#doneMs + doneMs) / this.#expectedMs);
  }

  #left(share: number): string {
    if (share < GUESS_FROM) return "";
    const seconds = ((performance.now() - this.#startedAt) / 1000) * (1 / share - 1);
    const minutes = Math.floor(seconds / 60);
    const rest = Math.round(seconds % 60);
    return minutes > 0 ? `${minutes} min ${rest} s left` : `${rest} s left`;
  }
}
