/** The controller's page: a partitioned cluster. */
import { clusterHeadline } from "./cluster-headline.ts";
import { type ClusterViewState, eventsCard, movingCard, workersCard } from "./cluster-view.ts";
import { Confirmation } from "./confirmation.ts";
import { type ControllerStatus, toControllerStatus } from "./controller-status.ts";
import { frame } from "./frame.ts";
import { KeyForms } from "./key-forms.ts";
import { keyFormsView } from "./key-forms-view.ts";
import { Live } from "./live.ts";
import type { Fields, Page, PageParts } from "./page.ts";
import { layoutStrip, partitionAt } from "./partition-map.ts";
import { answerArea, type Note } from "./parts.ts";
import { explain } from "./reply.ts";
import { h, type Tree } from "./tree.ts";
import { count } from "./words.ts";

const WHILE_SILENT =
  "Reads and writes at the workers go on without the controller; only failover waits for it.";

export class ClusterPage implements Page {
  readonly live: Live;
  readonly #parts: PageParts;
  readonly #forms: KeyForms;
  readonly #confirmation: Confirmation;
  #status: ControllerStatus = toControllerStatus({});
  #width = 320;
  #look: number | undefined;
  #lookKey: string | undefined;
  #note: Note | undefined;

  constructor(parts: PageParts) {
    this.#parts = parts;
    this.#confirmation = new Confirmation(parts.redraw);
    this.live = new Live({
      refresh: () => this.refresh(),
      redraw: parts.redraw,
      now: parts.now,
    });
    this.#forms = new KeyForms({
      ask: parts.ask,
      redraw: parts.redraw,
      confirmation: this.#confirmation,
      targets: () => this.#status.workers.map(({ id, status }) => ({ id, up: status !== "down" })),
      defaultLevel: () => "linearizable",
      confirmedBy: () => "replica",
      onKey: (key) => void this.#lookAtKey(key),
    });
  }

  async refresh(): Promise<boolean> {
    const reply = await this.#parts.ask({ path: "/status" });
    if (reply.ok) this.#status = toControllerStatus(reply.body);
    return reply.ok;
  }

  async act(name: string, fields: Fields): Promise<void> {
    this.live.act(name, fields);
    this.#confirmation.act(name, fields);
    if (name === "resize") this.#resize(Number(fields.width));
    if (name === "drain") await this.#drain(fields.worker ?? "");
    if (name === "undrain") await this.#setDraining(fields.worker ?? "", false);
    if (name === "point") this.#point(Number(fields.x), Number(fields.y));
    if (name === "look") await this.#lookAt((fields.what ?? "").trim());
    if (name === "look-on" || name === "look-back") this.#step(name === "look-on" ? 1 : -1);
    await this.#forms.act(name, fields);
  }

  #resize(width: number): void {
    this.#width = width;
    this.#parts.redraw();
  }

  title(): string {
    const { tone, title } = clusterHeadline(this.#status);
    return `${tone === "ok" ? "" : `${title} `}kvnode ${this.#status.cluster.name}`;
  }

  view(): readonly Tree[] {
    const { cluster, node } = this.#status;
    const state: ClusterViewState = {
      status: this.#status,
      width: this.#width,
      look: this.#look,
      lookKey: this.#lookKey,
      now: this.#parts.now(),
    };
    return frame({
      name: node,
      facts: [
        "controller",
        `cluster ${cluster.name}`,
        `${count(cluster.partitions, "partition")} × ${count(cluster.replicas, "copy", "copies")}`,
        `a write needs ${count(cluster.writeQuorum, "copy", "copies")}`,
      ],
      headline: clusterHeadline(this.#status),
      whileSilent: WHILE_SILENT,
      live: this.live,
      confirmation: this.#confirmation,
      doing: keyFormsView(this.#forms),
      seeing: [
        workersCard(state),
        answerArea("drain-answer", this.#note),
        h("div", { class: "news" }, eventsCard(state), movingCard(state)),
      ],
    });
  }

  async #drain(worker: string): Promise<void> {
    const wanted = await this.#confirmation.ask({
      title: `Drain ${worker}?`,
      text:
        `All of its partitions move to other workers while reads and writes go on. It stays ` +
        `empty until you stop draining it.`,
      yes: `Drain ${worker}`,
    });
    if (wanted) await this.#setDraining(worker, true);
  }

  async #setDraining(worker: string, draining: boolean): Promise<void> {
    const body = JSON.stringify(draining ? { worker } : { worker, undo: true });
    const reply = await this.#parts.ask({ method: "POST", path: "/admin/drain", body });
    if (reply.ok) {
      const title = draining ? `${worker} is drained.` : `${worker} takes partitions again.`;
      this.#note = { tone: "ok", title, sentence: "Watch it in the map." };
    } else {
      const { kind, title, sentence } = explain(reply, { isWrite: false });
      this.#note = { tone: kind, title: `${title}.`, sentence };
    }
    await this.live.refreshNow();
  }

  #point(x: number, y: number): void {
    const layout = layoutStrip(this.#status.cluster.partitions, this.#width);
    const partition = partitionAt(layout, x, y);
    if (partition !== undefined && partition !== this.#look) this.#show(partition, undefined);
  }

  async #lookAt(what: string): Promise<void> {
    const number = /^\d+$/.test(what) ? Number(what) : Number.POSITIVE_INFINITY;
    if (number < this.#status.cluster.partitions) this.#show(number, undefined);
    else if (what !== "") await this.#lookAtKey(what);
  }

  async #lookAtKey(key: string): Promise<void> {
    const reply = await this.#parts.ask({ path: `/map?key=${encodeURIComponent(key)}` });
    const { partition } = reply.body;
    if (reply.ok && typeof partition === "number") this.#show(partition, key);
  }

  #step(by: number): void {
    const all = this.#status.cluster.partitions;
    if (all === 0) return;
    const from = this.#look ?? (by > 0 ? -1 : all);
    this.#show((from + by + all) % all, undefined);
  }

  #show(partition: number, key: string | undefined): void {
    this.#look = partition;
    this.#lookKey = key;
    this.#parts.redraw();
  }
}
