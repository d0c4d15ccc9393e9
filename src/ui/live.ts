/** How the page refreshes itself: every second or two, until somebody pauses it. */
import type { Fields } from "./page.ts";
import { h, type TreeElement } from "./tree.ts";

const INTERVALS_MS = [1_000, 2_000, 5_000, 10_000];

export interface LiveOptions {
  /** Resolves to whether an answer came; does not reject. */
  readonly refresh: () => Promise<boolean>;
  readonly redraw: () => void;
  /** Time of day, ms since 1970. */
  readonly now: () => number;
  /** Default: 1 s. */
  readonly intervalMs?: number;
}

/** Calls `refresh` again and again; each call begins an interval after the last one's end. */
export class Live {
  readonly #options: LiveOptions;
  #intervalMs: number;
  #paused = false;
  #hidden = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = false;
  /** When the first of the refreshes without an answer began. */
  #silentSince: number | undefined;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#intervalMs = options.intervalMs ?? INTERVALS_MS[0] ?? 1_000;
  }

  /** How long no answer has come, in ms; undefined while answers come. */
  get silentMs(): number | undefined {
    return this.#silentSince === undefined ? undefined : this.#options.now() - this.#silentSince;
  }

  /** Refreshes now, and from now on. */
  async refreshNow(): Promise<void> {
    if (this.#asking) return;
    clearTimeout(this.#timer);
    this.#asking = true;
    const startedAt = this.#options.now();
    const answered = await this.#options.refresh();
    this.#asking = false;
    if (answered) this.#silentSince = undefined;
    else this.#silentSince ??= startedAt;
    this.#options.redraw();
    this.#schedule();
  }

  /** A page that nobody sees asks nothing. */
  setHidden(hidden: boolean): void {
    if (hidden === this.#hidden) return;
    this.#hidden = hidden;
    if (hidden) clearTimeout(this.#timer);
    else if (!this.#paused) void this.refreshNow();
  }

  act(name: string, fields: Fields): void {
    if (name === "pause") {
      this.#paused = !this.#paused;
      clearTimeout(this.#timer);
      if (!this.#paused) void this.refreshNow();
    }
    if (name === "interval") {
      this.#intervalMs = Number(fields.value);
      this.#schedule();
    }
    if (name === "pause" || name === "interval") this.#options.redraw();
  }

  view(): TreeElement {
    return h(
      "div",
      { class: "live" },
      h("span", {
        class: `beat ${this.#paused ? "beat-paused" : this.#silentSince ? "beat-silent" : ""}`,
        "aria-hidden": "true",
      }),
      h("label", { for: "interval", class: "quiet" }, "Refresh every"),
      h(
        "select",
        { id: "interval", class: "interval", "data-change": "interval", disabled: this.#paused },
        INTERVALS_MS.map((ms) =>
          h("option", { value: ms, selected: ms === this.#intervalMs }, `${ms / 1_000} s`),
        ),
      ),
      h(
        "button",
        {
          type: "button",
          class: "plain pause",
          "data-do": "pause",
          "aria-pressed": `${this.#paused}`,
        },
        this.#paused ? "Resume" : "Pause",
      ),
    );
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#paused || this.#hidden || this.#asking) return;
    this.#timer = setTimeout(() => void this.refreshNow(), this.#intervalMs);
  }
}
