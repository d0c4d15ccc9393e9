/** What the views of a cluster say, without a browser. */
import { describe, expect, test } from "bun:test";
import {
  type ClusterViewState,
  eventsCard,
  movingCard,
  workersCard,
} from "../../../src/ui/cluster-view.ts";
import { toControllerStatus } from "../../../src/ui/controller-status.ts";
import { findAll, textOf } from "../../../src/ui/tree.ts";

const NOW = Date.parse("2026-01-01T12:00:00Z");

function viewOf(
  body: Readonly<Record<string, unknown>>,
  more: Partial<ClusterViewState> = {},
): ClusterViewState {
  const cluster = { name: "kvnode", partitions: 2, replicas: 2, writeQuorum: 2 };
  const status = toControllerStatus({ cluster, ...body });
  return { status, width: 300, look: undefined, lookKey: undefined, now: NOW, ...more };
}

function worker(id: string, more: object = {}) {
  const numbers = { heartbeatAgeMs: 300, partitions: 2, primaries: 1 };
  return { id, address: `http://${id}:8001`, status: "up", ...numbers, ...more };
}

const COPY_BEHIND = { id: "w2", role: "learner", state: "catching up", lagEntries: 1_200 };
const PARTITION = {
  partition: 1,
  generation: 4,
  primary: "w10",
  state: "catching up",
  members: [{ id: "w10", role: "primary", state: "synced", lagEntries: 0 }, COPY_BEHIND],
};

describe("the workers", () => {
  test("stand in the order of their names, each with its state and numbers", () => {
    const silent = { status: "down", heartbeatAgeMs: 61_000 };
    const view = workersCard(viewOf({ workers: [worker("w10"), worker("w2", silent)] }));
    const rows = findAll(view, ({ attributes }) => "data-worker-row" in attributes);
    expect(rows.map((row) => textOf(row))).toEqual([
      "w2 down heard 61 s ago 1 primary of 2 copies http://w2:8001 Drain …",
      "w10 up heard now 1 primary of 2 copies http://w10:8001 Drain …",
    ]);
  });

  test("one that never was heard since the controller started says so", () => {
    const view = workersCard(viewOf({ workers: [worker("w1", { heartbeatAgeMs: null })] }));
    expect(textOf(view)).toContain("never heard");
  });

  test("a copy that is behind shows at its worker and in its partition", () => {
    const body = { workers: [worker("w2")], partitions: [PARTITION] };
    const text = textOf(workersCard(viewOf(body, { look: 1, lookKey: "greeting" })));
    expect(text).toContain("1,200 entries behind");
    expect(text).toContain("Partition 1 (of the key greeting) in generation 4 catching up");
    expect(text).toContain("w10 primary w2 new copy, catching up, 1,200 entries behind");
  });

  test("refused heartbeats are shown with their reason", () => {
    const refused = [{ id: "w1", address: "http://x", message: "The id w1 is taken." }];
    const text = textOf(workersCard(viewOf({ refused })));
    expect(text).toContain("w1 is refused. The id w1 is taken.");
  });

  test("a draining worker can be taken back", () => {
    const view = workersCard(viewOf({ workers: [worker("w1", { status: "draining" })] }));
    const [button] = findAll(view, ({ attributes }) => attributes["data-worker"] === "w1");
    expect(button?.attributes).toMatchObject({
      "data-do": "undrain",
      "aria-label": "Stop draining w1",
    });
  });
});

test("what moves is listed with its time, and the rest is counted", () => {
  const since = new Date(NOW - 4_200).toISOString();
  const moving = Array.from({ length: 11 }, (_, partition) => ({ partition, worker: "w3", since }));
  const text = textOf(movingCard(viewOf({ moving })));
  expect(text).toStartWith("Moving Partition 0 to w3 4.2 s Partition 1 to w3 4.2 s");
  expect(text).toEndWith("and 3 more");
});

describe("events", () => {
  const at = new Date(NOW).toISOString();

  test("stand newest first, each with its time, and keep their place when others come", () => {
    const first = { at, type: "worker_down", message: "w2 is silent." };
    const second = { at, type: "opened", message: "w1 leads." };
    const keys = (events: readonly object[]) => {
      const view = eventsCard(viewOf({ events }));
      return findAll(view, ({ tag }) => tag === "li").map(({ key }) => key);
    };
    const before = keys([first, first, second]);
    expect(new Set(before).size).toBe(3);
    expect(keys([first, first, second, second]).slice(1)).toEqual(before);
  });

  test("have a tone that tells losses from gains", () => {
    const events = ["worker_down", "takeover", "worker_back", "unheard of"].map((type) => {
      return { at, type, message: type };
    });
    const view = eventsCard(viewOf({ events }));
    const tones = findAll(view, ({ tag }) => tag === "li").map(
      ({ attributes }) => attributes.class,
    );
    expect(tones).toEqual([
      "event event-quiet",
      "event event-ok",
      "event event-warn",
      "event event-bad",
    ]);
  });
});
