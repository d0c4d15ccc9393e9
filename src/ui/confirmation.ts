/** Asks before something is done that others notice; the browser's own dialog keeps the focus. */
import type { Fields } from "./page.ts";
import { h, type TreeElement } from "./tree.ts";

export interface Question {
  readonly title: string;
  readonly text: string;
  /** On the button that does it. */
  readonly yes: string;
}

/** At most one question at a time. */
export class Confirmation {
  readonly #redraw: () => void;
  #open: { readonly question: Question; readonly answer: (yes: boolean) => void } | undefined;

  constructor(redraw: () => void) {
    this.#redraw = redraw;
  }

  /** Resolves to whether the person wants it; false too where another question takes its place. */
  ask(question: Question): Promise<boolean> {
    this.#open?.answer(false);
    return new Promise((resolve) => {
      this.#open = { question, answer: resolve };
      this.#redraw();
    });
  }

  /** `answered`, with what stood on the button: the dialog is closed already. */
  act(name: string, fields: Fields): void {
    if (name !== "answered") return;
    const open = this.#open;
    this.#open = undefined;
    this.#redraw();
    open?.answer(fields.answer === "yes");
  }

  view(): TreeElement | false {
    if (this.#open === undefined) return false;
    const { title, text, yes } = this.#open.question;
    return h(
      "dialog",
      { key: "question", "data-modal": true, "aria-labelledby": "question-title" },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id: "question-title", class: "question-title" }, title),
        h("p", { class: "question-text" }, text),
        h(
          "div",
          { class: "buttons question-buttons" },
          h("button", { value: "no", autofocus: true, class: "plain" }, "Cancel"),
          h("button", { value: "yes", class: "strong" }, yes),
        ),
      ),
    );
  }
}
