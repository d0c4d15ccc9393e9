/** Write Key, Read Key and List Keys: how the forms look. What they do: key-forms.ts. */
import { ANY, EVERY, type KeyForms, type ReadAnswer } from "./key-forms.ts";
import { describeValue, shorten, takeValue } from "./keys.ts";
import { answerArea, type Choice, card, field, select } from "./parts.ts";
import { h, type TreeElement } from "./tree.ts";
import { count, duration } from "./words.ts";

/** The three cards. */
export function keyFormsView(forms: KeyForms): TreeElement[] {
  return [writeCard(forms), readCard(forms), listCard(forms)];
}

function writeCard(forms: KeyForms): TreeElement {
  return card(
    "Write Key",
    {},
    h(
      "form",
      { "data-do": "write", autocomplete: "off", novalidate: true },
      field("write-key", "Key", keyInput("write-key", "greeting")),
      field(
        "write-value",
        "Value",
        h("textarea", {
          id: "write-value",
          name: "value",
          rows: 2,
          spellcheck: "false",
          "data-input": "typed",
          "aria-describedby": "write-taken",
        }),
        h("p", { id: "write-taken", class: "hint" }, takenHint(forms)),
      ),
      h(
        "div",
        { class: "pair" },
        field("write-as", "Taken as", takenAsSelect()),
        workerField("write-worker", "Send to", forms, []),
      ),
      h("div", { class: "buttons" }, h("button", { class: "strong" }, "Write")),
    ),
    answerArea("write-answer", forms.writeNote),
  );
}

function takenAsSelect(): TreeElement {
  return h(
    "select",
    { id: "write-as", name: "as", "data-input": "typed" },
    h("option", { value: "auto" }, "JSON, else text"),
    h("option", { value: "text" }, "Text"),
    h("option", { value: "json" }, "JSON only"),
  );
}

function takenHint({ typed }: KeyForms): string {
  if (typed.value === "" && typed.as !== "text")
    return "7, true and {…} are JSON, hello is a text.";
  const taken = takeValue(typed.value, typed.as);
  return "problem" in taken ? taken.problem : `Stored as ${describeValue(taken)}.`;
}

const LEVEL_HINT =
  "Linearizable: the newest committed value. Local: what is held there, perhaps an older one.";

function readCard(forms: KeyForms): TreeElement {
  const everyone = { value: EVERY, label: "every worker" };
  const { defaultLevel } = forms.parts;
  return card(
    "Read Key",
    {},
    h(
      "form",
      { "data-do": "read", autocomplete: "off", novalidate: true },
      field("read-key", "Key", keyInput("read-key", "greeting")),
      h(
        "div",
        { class: "pair" },
        workerField("read-worker", "Worker to ask", forms, [everyone]),
        field(
          "read-level",
          "Level",
          select({
            id: "read-level",
            name: "level",
            choices: [
              { value: "linearizable", label: "linearizable" },
              { value: "local", label: "local copy" },
            ],
            chosen: defaultLevel(),
            describedBy: "read-level-hint",
          }),
        ),
      ),
      h("p", { class: "hint", id: "read-level-hint" }, LEVEL_HINT),
      h(
        "div",
        { class: "buttons" },
        h("button", { class: "strong" }, "Read"),
        h("button", { class: "plain", value: "delete" }, "Delete …"),
      ),
    ),
    answerArea("read-answer", forms.readNote, readAnswers(forms.reads)),
  );
}

function readAnswers(reads: readonly ReadAnswer[]): TreeElement | false {
  const [first] = reads;
  if (first === undefined) return false;
  if (reads.length === 1 && first.value !== undefined) {
    return h(
      "div",
      { key: "one" },
      h("pre", { class: "value", tabindex: "0", "aria-label": "Value" }, first.value),
      h(
        "p",
        { class: "hint" },
        `Version ${first.version}, from ${first.by}, ${duration(first.ms)}.`,
      ),
    );
  }
  return h(
    "table",
    { key: "all" },
    h("caption", {}, verdict(reads)),
    h("thead", {}, h("tr", {}, ["Asked", "Value", "Version", "From"].map(headerCell))),
    h(
      "tbody",
      {},
      reads.map((read) =>
        h(
          "tr",
          { key: read.asked },
          h("th", { scope: "row" }, read.asked),
          read.value === undefined
            ? h("td", { colspan: "3", class: "quiet" }, read.note?.sentence ?? "")
            : [
                h("td", {}, h("code", {}, shorten(read.value, 60))),
                h("td", {}, read.version),
                h("td", {}, read.by),
              ],
        ),
      ),
    ),
  );
}

/** Says whether all who answered say the same. */
function verdict(reads: readonly ReadAnswer[]): string {
  const answered = reads.filter((read) => read.value !== undefined);
  const versions = new Set(answered.map((read) => read.version));
  if (versions.size > 1) return "They differ: some are behind.";
  if (answered.length === 0) return "No worker gave a value.";
  const number = count(answered.length, "worker");
  return `${number} of ${reads.length} answered, all with the same version.`;
}

function headerCell(text: string): TreeElement {
  return h("th", { scope: "col" }, text);
}

function listCard(forms: KeyForms): TreeElement {
  const { list } = forms;
  const first = (list?.before ?? 0) + 1;
  return card(
    "List Keys",
    {},
    h(
      "form",
      { "data-do": "list", autocomplete: "off", novalidate: true },
      h(
        "div",
        { class: "pair" },
        field("list-prefix", "Begin with", h("input", inputOf("list-prefix", "prefix"))),
        workerField("list-worker", "Worker to ask", forms, []),
      ),
      h("div", { class: "buttons" }, h("button", { class: "strong" }, "List")),
    ),
    answerArea(
      "list-answer",
      forms.listNote,
      list !== undefined &&
        list.items.length > 0 &&
        h(
          "table",
          { class: "keys" },
          h("caption", {}, `Keys ${first} to ${list.before + list.items.length}, in key order`),
          h("thead", {}, h("tr", {}, ["Key", "Value", "Version"].map(headerCell))),
          h(
            "tbody",
            {},
            list.items.map((item) =>
              h(
                "tr",
                { key: item.key },
                h("th", { scope: "row" }, shorten(item.key, 48)),
                h("td", {}, h("code", {}, shorten(item.value, 48))),
                h("td", {}, item.version),
              ),
            ),
          ),
        ),
    ),
    list?.next != null &&
      h("div", { class: "buttons" }, [
        h("button", { type: "button", class: "plain", "data-do": "next-page" }, "Next page"),
      ]),
  );
}

function keyInput(id: string, placeholder: string): TreeElement {
  return h("input", { ...inputOf(id, "key"), placeholder });
}

function inputOf(id: string, name: string) {
  return { id, name, type: "text", autocapitalize: "none", spellcheck: "false" };
}

function workerField(
  id: string,
  label: string,
  forms: KeyForms,
  more: readonly Choice[],
): TreeElement | false {
  const { targets } = forms.parts;
  if (targets === undefined) return false;
  const workers = targets().map((target) => ({
    value: target.id,
    label: target.up ? target.id : `${target.id} (down)`,
  }));
  const choices = [{ value: ANY, label: "any worker" }, ...workers, ...more];
  return field(id, label, select({ id, name: "worker", choices }));
}
