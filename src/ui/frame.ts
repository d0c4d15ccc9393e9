/** What stands around every page: who this is, how it is, and that the page is alive. */
import type { Headline } from "./cluster-headline.ts";
import type { Confirmation } from "./confirmation.ts";
import type { Live } from "./live.ts";
import { type Child, flatten, h, type Tree } from "./tree.ts";
import { duration } from "./words.ts";

export interface FrameOptions {
  /** The node's id. */
  readonly name: string;
  /** What it is, in a few words each. */
  readonly facts: readonly string[];
  readonly headline: Headline;
  /** What goes on although this page's server is silent. */
  readonly whileSilent: string;
  readonly live: Live;
  readonly confirmation: Confirmation;
  /** The cards beside one another: what one does, and what one sees. */
  readonly doing: readonly Child[];
  readonly seeing: readonly Child[];
}

/** The whole page. */
export function frame(options: FrameOptions): Tree[] {
  const { silentMs } = options.live;
  const headline: Headline =
    silentMs === undefined
      ? options.headline
      : { tone: "bad", title: `${options.name} does not answer.`, sentence: options.whileSilent };
  return flatten([
    h(
      "header",
      { class: "top" },
      h(
        "div",
        { class: "who" },
        h("h1", {}, "kvnode ", h("span", { class: "node" }, options.name)),
        h(
          "p",
          { class: "facts" },
          options.facts.map((fact) => h("span", {}, fact)),
        ),
      ),
      options.live.view(),
    ),
    h(
      "div",
      { class: `headline headline-${headline.tone}`, role: "status", "aria-live": "polite" },
      h("strong", {}, headline.title),
      headline.sentence !== "" && ` ${headline.sentence}`,
    ),
    silentMs !== undefined &&
      h("p", { key: "stale", class: "stale" }, `Below is what was so ${duration(silentMs)} ago.`),
    h(
      "main",
      { class: silentMs === undefined ? "" : "is-stale" },
      h("div", { class: "doing" }, options.doing),
      h("div", { class: "seeing" }, options.seeing),
    ),
    options.confirmation.view(),
  ]);
}
