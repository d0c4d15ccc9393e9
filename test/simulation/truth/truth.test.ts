/** The watchers by themselves: what they must notice, and what they must let pass. */
import { describe, expect, test } from "bun:test";
import type { Entry } from "../../../src/core/entry.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import { findLoss } from "./final-state.ts";
import { type LoggedOperation, OperationLog } from "./operation-log.ts";
import { StateWatch } from "./state-watch.ts";
import type { Rule } from "./violation.ts";

/** A log of key "k", a watch over two nodes, and the rules that were broken. */
function setUp() {
  const broken: Rule[] = [];
  const log = new OperationLog(() => 0);
  const watch = new StateWatch({ nodes: 2, keys: ["k"], log, broken: (rule) => broken.push(rule) });
  const invoke = (kind: LoggedOperation["kind"]) =>
    log.invoked({ client: 0, key: "k", kind, length: 0 });
  const show = (slot: number, entry: Entry | "refused" | undefined, epoch = 1) =>
    watch.stepped({ slot, epoch, read: () => entry });
  const acknowledged = () => {
    const operation = invoke("write");
    log.returned(operation, "ok");
    return operation.value as string;
  };
  return { broken, log, watch, invoke, show, acknowledged };
}

function at(epoch: number, sequence: number, value?: string): Entry {
  return { key: "k", value, epoch, sequence };
}

describe("the watch over what nodes show", () => {
  test("lets values rise, tombstones be forgotten, and a node refuse", () => {
    const { broken, show, acknowledged } = setUp();
    show(0, undefined);
    show(0, at(1, 1, acknowledged()));
    show(0, "refused");
    show(0, at(1, 2));
    show(0, undefined);
    show(0, at(1, 3, acknowledged()));
    expect(broken).toEqual([]);
  });

  test("sees an acknowledged value vanish, also when the leader changes", () => {
    const { broken, show, acknowledged } = setUp();
    show(0, at(1, 1, acknowledged()));
    show(0, undefined, 2);
    expect(broken).toEqual(["backwards"]);
  });

  test("lets a value that was never acknowledged vanish when the leader changes, only then", () => {
    const { broken, show, acknowledged, invoke } = setUp();
    const older = at(1, 1, acknowledged());
    const newer = at(1, 2, invoke("write").value);
    show(0, older);
    show(0, newer);
    show(0, older, 2);
    expect(broken).toEqual([]);
    show(1, older);
    show(1, newer);
    show(1, older);
    expect(broken).toEqual(["backwards"]);
  });

  test("knows of a change of the leader in which nobody could read", () => {
    const { broken, show, acknowledged, invoke } = setUp();
    const older = at(1, 1, acknowledged());
    show(0, older);
    show(0, at(1, 2, invoke("write").value));
    show(0, "refused", 2);
    show(0, older, 2);
    expect(broken).toEqual([]);
  });

  test("lets go with its process what was never acknowledged, and nothing else", () => {
    const { broken, watch, show, acknowledged, invoke } = setUp();
    const older = at(1, 1, acknowledged());
    show(0, older);
    show(0, at(1, 2, invoke("write").value));
    watch.died(0);
    show(0, older);
    expect(broken).toEqual([]);
    show(0, at(1, 3, acknowledged()));
    watch.died(0);
    show(0, older);
    expect(broken).toEqual(["backwards"]);
  });

  test("sees a dead value come back behind a tombstone that was forgotten", () => {
    const { broken, show, acknowledged } = setUp();
    const dead = at(1, 1, acknowledged());
    show(0, dead);
    show(0, at(1, 2));
    show(0, undefined);
    show(0, dead);
    expect(broken).toEqual(["backwards"]);
  });

  test("sees an older value under a newer version", () => {
    const { broken, show, acknowledged } = setUp();
    const [older, newer] = [acknowledged(), acknowledged()];
    show(0, at(1, 1, older));
    show(0, at(1, 2, newer));
    show(0, at(2, 3, older), 2);
    expect(broken).toEqual(["backwards"]);
  });

  test("sees two entries of one version, and values of nobody or of another key", () => {
    const { broken, show, acknowledged, log } = setUp();
    show(0, at(1, 1, acknowledged()));
    show(1, at(1, 1, acknowledged()));
    expect(broken).toEqual(["version"]);
    show(0, at(1, 2, '"who"'));
    const other = log.invoked({ client: 0, key: "other", kind: "write", length: 0 });
    show(0, at(1, 3, other.value));
    expect(broken).toEqual(["version", "invented", "invented"]);
  });

  test("sees a refused write, whether it was refused before or behind", () => {
    const { broken, show, invoke, log, watch } = setUp();
    const [early, late] = [invoke("write"), invoke("write")];
    log.returned(early, "refused");
    watch.refused(early);
    show(0, at(1, 1, early.value));
    expect(broken).toEqual(["refused"]);
    show(0, at(1, 2, late.value));
    log.returned(late, "refused");
    watch.refused(late);
    expect(broken).toEqual(["refused", "refused"]);
  });
});

describe("an acknowledgement", () => {
  const answer = { entry: at(2, 5, '"w0"'), acks: 1, required: 1 };
  const operation = { invokedAtMs: 0 } as LoggedOperation;

  function came(held: (Entry | "lost" | undefined)[], leaders = ["node0.0"]): Rule[] {
    const broken: Rule[] = [];
    const acknowledgements = new Acknowledgements({
      nodes: held.length,
      heldAt: (slot) => held[slot],
      broken: (rule) => broken.push(rule),
    });
    for (const leader of leaders) {
      acknowledgements.came(leader, operation, answer);
    }
    return broken;
  }

  test("is true where enough nodes hold the entry or a newer one, or may have", () => {
    expect(came([answer.entry, at(2, 6), undefined])).toEqual([]);
    expect(came([answer.entry, "lost", undefined])).toEqual([]);
  });

  test("is not where they hold older ones", () => {
    expect(came([answer.entry, at(2, 4), at(1, 9)])).toEqual(["held"]);
  });

  test("comes from one process in each epoch", () => {
    expect(came([answer.entry, answer.entry], ["node0.0", "node1.0"])).toEqual(["leaders"]);
  });
});

describe("the final state", () => {
  const change = (id: number, more: Partial<LoggedOperation>): LoggedOperation => ({
    ...{ id, client: 0, key: "k", kind: "write", value: `"w${id}"`, invokedAtMs: id },
    ...{ returnedAtMs: undefined, outcome: "ok", version: { epoch: 1, sequence: id } },
    ...more,
  });
  const removal = (id: number, more: Partial<LoggedOperation> = {}) =>
    change(id, { kind: "delete", value: undefined, ...more });

  test("may show the last acknowledged write or a newer one of unknown outcome", () => {
    const operations = [change(1, {}), change(2, {}), change(3, { outcome: "unknown" })];
    expect(findLoss("k", '"w2"', operations)).toBeUndefined();
    expect(findLoss("k", '"w3"', operations)).toBeUndefined();
    expect(findLoss("k", '"w1"', operations)).toContain("shows the older w1");
    expect(findLoss("k", undefined, operations)).toContain("the key is absent");
  });

  test("may be absent where a removal may have come last", () => {
    const unseen = removal(3, { outcome: "unknown", version: undefined });
    expect(findLoss("k", undefined, [change(1, {}), removal(2)])).toBeUndefined();
    expect(findLoss("k", undefined, [change(1, {}), unseen])).toBeUndefined();
    expect(findLoss("k", undefined, [removal(1), change(2, {})])).toContain("absent");
    expect(findLoss("k", '"w1"', [change(1, {}), removal(2)])).toContain("older w1");
  });
});
