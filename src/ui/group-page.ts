/** The page of a node in a leader/follower group. */
import { Confirmation } from "./confirmation.ts";
import { frame } from "./frame.ts";
import { groupHeadline } from "./group-headline.ts";
import { followerCard, followersCard, workerCard } from "./group-view.ts";
import { KeyForms } from "./key-forms.ts";
import { keyFormsView } from "./key-forms-view.ts";
import { Lab } from "./lab.ts";
import { labCard } from "./lab-view.ts";
import { Live } from "./live.ts";
import { type NodeStatus, toNodeStatus, UNKNOWN_NODE } from "./node-status.ts";
import type { Fields, Page, PageParts } from "./page.ts";
import { answerArea, type Note } from "./parts.ts";
import { explain } from "./reply.ts";
import { h, type Tree } from "./tree.ts";

const WHILE_SILENT = "Start it again, or promote one of its followers.";

export class GroupPage implements Page {
  readonly live: Live;
  readonly #parts: PageParts;
  readonly #forms: KeyForms;
  readonly #lab: Lab;
  readonly #confirmation: Confirmation;
  #status: NodeStatus = UNKNOWN_NODE;
  #width = 320;
  #promoteNote: Note | undefined;

  constructor(parts: PageParts) {
    const { ask, redraw, now } = parts;
    this.#parts = parts;
    this.#confirmation = new Confirmation(redraw);
    this.live = new Live({ refresh: () => this.refresh(), redraw, now });
    this.#lab = new Lab({
      ask,
      redraw,
      status: () => this.#status,
      refresh: async () => void (await this.refresh()),
    });
    this.#forms = new KeyForms({
      ask,
      redraw,
      confirmation: this.#confirmation,
      targets: undefined,
      defaultLevel: () => (this.#status.role === "worker" ? "linearizable" : "local"),
      confirmedBy: () => (this.#status.role === "worker" ? "replica" : "follower"),
      onWrite: () => void this.#lab.observe(),
    });
  }

  async refresh(): Promise<boolean> {
    const reply = await this.#parts.ask({ path: "/status?data=false" });
    if (!reply.ok) return false;
    this.#status = toNodeStatus(reply.body);
    if (this.#status.role === "leader" && !this.#lab.busy) await this.#lab.observe();
    return true;
  }

  async act(name: string, fields: Fields): Promise<void> {
    this.live.act(name, fields);
    this.#confirmation.act(name, fields);
    if (name === "resize") this.#resize(Number(fields.width));
    if (name === "promote") await this.#promote(false);
    if (name === "promote-anyway") await this.#promote(true);
    await this.#lab.act(name, fields);
    await this.#forms.act(name, fields);
  }

  #resize(width: number): void {
    this.#width = width;
    this.#parts.redraw();
  }

  title(): string {
    const { tone, title } = groupHeadline(this.#status);
    return `${tone === "ok" ? "" : `${title} `}kvnode ${this.#status.node}`;
  }

  view(): readonly Tree[] {
    const status = this.#status;
    const { node, role, epoch, writeQuorum } = status;
    const quorum = writeQuorum === null ? [] : [`write quorum ${writeQuorum}`];
    return frame({
      name: node,
      facts: role === "worker" ? ["worker"] : [role, `epoch ${epoch}`, ...quorum],
      headline: groupHeadline(status),
      whileSilent: WHILE_SILENT,
      live: this.live,
      confirmation: this.#confirmation,
      doing: keyFormsView(this.#forms),
      seeing: this.#seeing(status),
    });
  }

  #seeing(status: NodeStatus): Tree[] {
    if (status.role === "worker") return [workerCard(status)];
    if (status.role !== "leader") return [followerCard(status, this.#promotion())];
    return [labCard(this.#lab, status, this.#width), followersCard(status)];
  }

  #promotion(): Tree {
    return h(
      "div",
      { key: "promotion" },
      h(
        "div",
        { class: "buttons" },
        h("button", { type: "button", class: "plain", "data-do": "promote" }, "Promote …"),
        this.#promoteNote?.tone === "refused" &&
          h(
            "button",
            { key: "anyway", type: "button", class: "plain", "data-do": "promote-anyway" },
            "Promote all the same …",
          ),
      ),
      answerArea("promote-answer", this.#promoteNote),
    );
  }

  async #promote(force: boolean): Promise<void> {
    const { node } = this.#status;
    const wanted = await this.#confirmation.ask(
      force
        ? {
            title: `Promote ${node} all the same?`,
            text: "Acknowledged writes that it does not know of are lost for ever.",
            yes: "Promote and accept the loss",
          }
        : {
            title: `Promote ${node}?`,
            text: `It takes over in a new epoch; the leader, where it lives, becomes a follower.`,
            yes: `Promote ${node}`,
          },
    );
    if (!wanted) return;
    this.#promoteNote = { tone: "busy", title: "Taking over …", sentence: "" };
    this.#parts.redraw();
    const body = JSON.stringify({ force });
    const reply = await this.#parts.ask({ method: "POST", path: "/admin/promote", body });
    if (reply.ok) {
      this.#promoteNote = undefined;
    } else {
      const { kind, title, sentence } = explain(reply, { isWrite: true });
      this.#promoteNote = { tone: kind, title: `${title}.`, sentence };
    }
    await this.live.refreshNow();
  }
}
