/** Small parts that several views are made of. */
import type { Failure } from "./reply.ts";
import { type Child, h, type TreeElement } from "./tree.ts";

/** A short answer to what a person did. */
export interface Note {
  readonly tone: "ok" | "busy" | Failure["kind"];
  readonly title: string;
  readonly sentence: string;
}

/** A section with a heading. */
export function card(
  title: string,
  attributes: Readonly<Record<string, string | undefined>>,
  ...children: readonly Child[]
): TreeElement {
  const id = `${title.toLowerCase().replace(/[^a-z]+/g, "-")}-title`;
  return h(
    "section",
    { ...attributes, class: `card ${attributes.class ?? ""}`.trim(), "aria-labelledby": id },
    h("h2", { id }, title),
    children,
  );
}

/** A labelled control; the control has the id that the label names. */
export function field(id: string, label: string, control: TreeElement, hint?: Child): TreeElement {
  return h("div", { class: "field" }, h("label", { for: id }, label), control, hint);
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** A drop-down; what is chosen is the person's business after the first look. */
export function select(options: {
  readonly id: string;
  readonly name: string;
  readonly choices: readonly Choice[];
  readonly chosen?: string;
  /** Id of what explains the choices. */
  readonly describedBy?: string;
}): TreeElement {
  const { id, name, choices, chosen, describedBy } = options;
  return h(
    "select",
    { id, name, "aria-describedby": describedBy },
    choices.map(({ value, label }) =>
      h("option", { key: value, value, selected: value === chosen }, label),
    ),
  );
}

/** A place for what comes of an action; it is always there, so that it is read out when filled. */
export function answerArea(key: string, note: Note | undefined, ...more: readonly Child[]) {
  return h(
    "div",
    { key, class: "answer", role: "status", "aria-live": "polite" },
    note !== undefined &&
      h(
        "p",
        { class: `note note-${note.tone}` },
        h("strong", {}, note.title),
        note.sentence !== "" && ` ${note.sentence}`,
      ),
    more,
  );
}

/** A word with a colour and a dot; the word says it all. */
export function pill(tone: "ok" | "warn" | "bad" | "quiet", text: string): TreeElement {
  return h("span", { class: `pill pill-${tone}` }, text);
}
