/** Starts the page in the browser: shows what its views say, and passes on what a person does. */
import { ask } from "./ask.ts";
import { ClusterPage } from "./cluster-page.ts";
import { GroupPage } from "./group-page.ts";
import type { Fields } from "./page.ts";
import { patch } from "./patch.ts";

const root = document.body;
const ofCluster = document.documentElement.dataset.page === "cluster";

let drawing = false;

/** Once a frame at most, and at once where nobody looks. */
function redraw(): void {
  if (drawing) return;
  drawing = true;
  const draw = () => {
    drawing = false;
    patch(root, page.view());
    if (document.title !== page.title()) document.title = page.title();
    openDialogs();
    observeWidth();
  };
  if (document.hidden) setTimeout(draw);
  else requestAnimationFrame(draw);
}

const parts = { ask, redraw, now: () => Date.now() };
const page = ofCluster ? new ClusterPage(parts) : new GroupPage(parts);

function act(name: string | undefined, fields: Fields): void {
  if (name !== undefined) void page.act(name, fields);
}

/** A dialog that is closed by Escape or a button says so once. */
function openDialogs(): void {
  for (const dialog of document.querySelectorAll<HTMLDialogElement>("dialog[data-modal]")) {
    if (dialog.open) continue;
    dialog.returnValue = "no";
    dialog.addEventListener("close", () => act("answered", { answer: dialog.returnValue }), {
      once: true,
    });
    dialog.showModal();
  }
}

const observer = new ResizeObserver(([entry]) => {
  if (entry !== undefined) act("resize", { width: String(Math.floor(entry.contentRect.width)) });
});
let observed: Element | null = null;

function observeWidth(): void {
  const element = document.querySelector("[data-measure]");
  if (element === observed) return;
  observer.disconnect();
  observed = element;
  if (element !== null) observer.observe(element);
}

document.addEventListener("submit", (event) => {
  const form = event.target as HTMLFormElement;
  if (form.method === "dialog") return;
  event.preventDefault();
  const button = event.submitter as HTMLButtonElement | null;
  act(button?.value || form.dataset.do, fieldsOf(form));
});

document.addEventListener("click", (event) => {
  const button = (event.target as Element).closest<HTMLElement>("button[data-do]");
  if (button !== null) act(button.dataset.do, { ...button.dataset });
});

document.addEventListener("change", (event) => {
  const control = event.target as HTMLSelectElement;
  act(control.dataset.change, { value: control.value });
});

document.addEventListener("input", (event) => {
  const control = event.target as HTMLInputElement;
  const form = control.form;
  if (form !== null) act(control.dataset.input, fieldsOf(form));
});

document.addEventListener("pointerover", pointAt);
document.addEventListener("pointermove", pointAt);

/** Only over a strip, in its own coordinates, which are CSS pixels. */
function pointAt(event: PointerEvent): void {
  const strip = (event.target as Element).closest("[data-strip]");
  if (strip === null) return;
  const { left, top } = strip.getBoundingClientRect();
  act("point", { x: String(event.clientX - left), y: String(event.clientY - top) });
}

document.addEventListener("visibilitychange", () => page.live.setHidden(document.hidden));

function fieldsOf(form: HTMLFormElement): Fields {
  const fields: Record<string, string> = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string") fields[name] = value;
  }
  return fields;
}

redraw();
void page.live.refreshNow();
