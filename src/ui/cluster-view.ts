/** System Status of a partitioned cluster: workers, the map, what moves, what happened. */
import type {
  ClusterEvent,
  ControllerStatus,
  PartitionStatus,
  WorkerStatus,
} from "./controller-status.ts";
import {
  COPY_KINDS,
  type CopyIndex,
  indexCopies,
  KIND_NAMES,
  layoutStrip,
  type StripLayout,
  strip,
} from "./partition-map.ts";
import { card, pill } from "./parts.ts";
import { h, type TreeElement } from "./tree.ts";
import { ago, clockTime, count, duration, list } from "./words.ts";

export interface ClusterViewState {
  readonly status: ControllerStatus;
  /** Room for a strip, in CSS pixels. */
  readonly width: number;
  /** The partition that is looked at, by number or through a key. */
  readonly look: number | undefined;
  /** The key that led to it. */
  readonly lookKey: string | undefined;
  /** Time of day, ms since 1970. */
  readonly now: number;
}

/** Every worker with its strip, and the partition that is looked at. */
export function workersCard(state: ClusterViewState): TreeElement {
  const { status, width } = state;
  const layout = layoutStrip(status.cluster.partitions, width);
  const copies = indexCopies(status);
  const lags = lagsOf(status);
  return card(
    "System Status",
    { class: "map" },
    legend(),
    h(
      "ul",
      { class: "workers", "data-measure": true, "aria-label": "Workers" },
      status.workers.map((worker) =>
        workerRow(worker, lags.get(worker.id) ?? 0, { layout, copies, look: state.look }),
      ),
    ),
    status.workers.length === 0 && h("p", { class: "quiet" }, "Workers appear as they register."),
    status.refused.length > 0 && refusals(status),
    status.partitions.length > 0 && lookForm(state),
  );
}

function refusals({ refused }: ControllerStatus): TreeElement {
  return h(
    "ul",
    { key: "refused", class: "refused", "aria-label": "Refused heartbeats" },
    refused.map(({ id, address, message }) =>
      h("li", { key: `${id} ${address}` }, h("strong", {}, `${id} is refused.`), ` ${message}`),
    ),
  );
}

function legend(): TreeElement {
  return h(
    "ul",
    { class: "legend", "aria-label": "Legend of the map" },
    COPY_KINDS.map((kind) =>
      h(
        "li",
        {},
        h(
          "svg",
          { class: "swatch", viewBox: "0 0 12 12", width: 12, height: 12, "aria-hidden": "true" },
          h("path", { class: `copy copy-${kind}`, d: SWATCHES[kind] }),
        ),
        KIND_NAMES[kind],
      ),
    ),
  );
}

const SWATCHES = {
  primary: "M1 1h10v10h-10z",
  opening: "M1 1h10v10h-10z",
  replica: "M3.5 3.5h5v5h-5z",
  learner: "M2.5 2.5h7v7h-7z",
  gone: "M3.5 3.5h5v5h-5z",
} as const;

function workerRow(
  worker: WorkerStatus,
  lag: number,
  map: {
    readonly layout: StripLayout;
    readonly copies: CopyIndex;
    readonly look: number | undefined;
  },
): TreeElement {
  const { id, status, heartbeatAgeMs } = worker;
  const tone = status === "up" ? "ok" : status === "down" ? "bad" : "warn";
  const heard = heartbeatAgeMs === null ? "never heard" : `heard ${ago(heartbeatAgeMs)}`;
  return h(
    "li",
    { key: id, class: `worker worker-${status}`, "data-worker-row": id },
    h(
      "div",
      { class: "worker-facts" },
      h("h3", {}, id),
      pill(tone, status),
      h("span", { class: "quiet heard" }, heard),
      h("span", { class: "numbers" }, primariesAndCopies(worker)),
      lag > 0 &&
        h("span", { key: "lag", class: "lag" }, `${count(lag, "entry", "entries")} behind`),
      h("span", { class: "quiet address" }, worker.address),
      drainButton(worker),
    ),
    strip({ worker: id, ...map }),
  );
}

/** By how many entries each worker's copies that are there are behind their primaries, in all. */
function lagsOf({ partitions }: ControllerStatus): ReadonlyMap<string, number> {
  const lags = new Map<string, number>();
  for (const { id, state, lagEntries } of partitions.flatMap((each) => each.members)) {
    if (state !== "down") lags.set(id, (lags.get(id) ?? 0) + (lagEntries ?? 0));
  }
  return lags;
}

function primariesAndCopies({ primaries, partitions }: WorkerStatus): string {
  return `${count(primaries, "primary", "primaries")} of ${count(partitions, "copy", "copies")}`;
}

function drainButton({ id, status }: WorkerStatus): TreeElement {
  const draining = status === "draining";
  return h(
    "button",
    {
      type: "button",
      class: "plain small",
      "data-do": draining ? "undrain" : "drain",
      "data-worker": id,
      "aria-label": draining ? `Stop draining ${id}` : `Drain ${id} …`,
    },
    draining ? "Stop draining" : "Drain …",
  );
}

function lookForm({ status, look, lookKey }: ClusterViewState): TreeElement {
  const partition = status.partitions.find((each) => each.partition === look);
  return h(
    "div",
    { class: "look" },
    h(
      "form",
      { "data-do": "look", class: "look-form", autocomplete: "off", novalidate: true },
      h("label", { for: "look-what" }, "Look at partition, or the one of a key"),
      h(
        "div",
        { class: "joined" },
        h("input", { id: "look-what", name: "what", type: "text", placeholder: "12, or a key" }),
        h("button", { class: "plain" }, "Look"),
        h(
          "button",
          {
            type: "button",
            class: "plain",
            "data-do": "look-back",
            "aria-label": "Partition before",
          },
          "‹",
        ),
        h(
          "button",
          { type: "button", class: "plain", "data-do": "look-on", "aria-label": "Next partition" },
          "›",
        ),
      ),
    ),
    h(
      "div",
      { class: "looked", role: "status", "aria-live": "polite" },
      partition === undefined
        ? h("p", { class: "hint" }, "Or point at a place in a strip.")
        : partitionDetail(partition, lookKey),
    ),
  );
}

function partitionDetail(partition: PartitionStatus, key: string | undefined): TreeElement {
  const { state, generation, missing } = partition;
  const tone = state === "ok" ? "ok" : state === "lost" ? "bad" : "warn";
  return h(
    "div",
    { key: "detail" },
    h(
      "p",
      {},
      h("strong", {}, `Partition ${partition.partition}`),
      key !== undefined && ` (of the key ${key})`,
      ` in generation ${generation} `,
      pill(tone, state),
      missing.length > 0 && ` It needs ${list(missing)} back.`,
    ),
    h(
      "ul",
      { class: "members" },
      partition.members.map((member) =>
        h("li", { key: member.id }, h("strong", {}, member.id), ` ${memberInWords(member)}`),
      ),
    ),
  );
}

function memberInWords({ role, state, lagEntries }: PartitionStatus["members"][number]): string {
  const lag = lagEntries ?? 0;
  const behind = lag > 0 ? `, ${count(lag, "entry", "entries")} behind` : "";
  const name = role === "learner" ? "new copy" : role;
  const redundant = role === "primary" && state === "synced";
  return redundant ? name : `${name}, ${state}${behind}`;
}

const MOVES_SHOWN = 8;

/** What is on its way from worker to worker. */
export function movingCard({ status, now }: ClusterViewState): TreeElement {
  const { moving } = status;
  const more = moving.length - MOVES_SHOWN;
  return card(
    "Moving",
    {},
    moving.length === 0
      ? h("p", { class: "quiet" }, "Nothing moves.")
      : h(
          "ul",
          { class: "moves" },
          moving
            .slice(0, MOVES_SHOWN)
            .map(({ partition, worker, since }) =>
              h(
                "li",
                { key: `${partition}→${worker}` },
                h("span", {}, `Partition ${partition} to ${worker}`),
                h("span", { class: "quiet" }, duration(Math.max(0, now - since))),
              ),
            ),
          more > 0 &&
            h("li", { key: "more", class: "quiet" }, `and ${count(more, "more", "more")}`),
        ),
  );
}

/** What happened, the newest first. */
export function eventsCard({ status }: ClusterViewState): TreeElement {
  const events = status.events.toReversed();
  return card(
    "Events",
    {},
    events.length === 0
      ? h("p", { class: "quiet" }, "Nothing has happened yet.")
      : h(
          "ol",
          { class: "events", tabindex: "0", "aria-label": "Events, the newest first" },
          keysOf(events).map(([event, key]) =>
            h(
              "li",
              { key, class: `event event-${toneOf(event)}` },
              h("time", { datetime: new Date(event.at).toISOString() }, clockTime(event.at)),
              h("span", {}, event.message),
            ),
          ),
        ),
  );
}

/** Each event with a name of its own, also where two say the same at the same time. */
function keysOf(events: readonly ClusterEvent[]): [ClusterEvent, string][] {
  const seen = new Map<string, number>();
  const oldestFirst = events.toReversed().map((event): [ClusterEvent, string] => {
    const name = `${event.at} ${event.type} ${event.message}`;
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return [event, `${name} ${times}`];
  });
  return oldestFirst.toReversed();
}

const EVENT_TONES: Readonly<Record<string, "bad" | "warn" | "ok">> = {
  worker_down: "bad",
  lost: "bad",
  worker_stopping: "warn",
  worker_draining: "warn",
  takeover: "warn",
  worker_joined: "ok",
  worker_back: "ok",
  worker_undrained: "ok",
  placed: "ok",
  opened: "ok",
  replaced: "ok",
  found: "ok",
};

function toneOf({ type }: ClusterEvent): string {
  return EVENT_TONES[type] ?? "quiet";
}
