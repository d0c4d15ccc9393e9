/** The partition map: geometry, kinds of copies, and what a reader without eyes is told. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { toControllerStatus } from "../../../src/ui/controller-status.ts";
import { indexCopies, layoutStrip, partitionAt, strip } from "../../../src/ui/partition-map.ts";
import { findAll } from "../../../src/ui/tree.ts";

const DESKTOP = 816;
const PHONE = 315;

function member(id: string, role: string, state = "synced") {
  return { id, address: `http://${id}`, role, state, lagEntries: 0 };
}

describe("the layout of a strip", () => {
  test.each([
    [64, DESKTOP, 64, 1],
    [64, PHONE, 32, 2],
    [1_024, DESKTOP, 128, 8],
    [1_024, PHONE, 48, 22],
    [1, PHONE, 1, 1],
    [12, PHONE, 12, 1],
  ])("%p partitions in %p pixels: %p in a row, %p rows", (partitions, width, columns, rows) => {
    const layout = layoutStrip(partitions, width);
    expect(layout.columns).toBe(columns);
    expect(layout.height / layout.cell).toBe(rows);
  });

  test("stays within its width, and every partition has a place of its own", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.integer({ min: 200, max: 2_000 }),
        (many, width) => {
          const layout = layoutStrip(many, width);
          const { cell, columns } = layout;
          expect(layout.width).toBeLessThanOrEqual(width);
          for (const partition of [0, Math.floor(many / 2), many - 1]) {
            const x = ((partition % columns) + 0.5) * cell;
            const y = (Math.floor(partition / columns) + 0.5) * cell;
            expect(partitionAt(layout, x, y)).toBe(partition);
          }
        },
      ),
    );
  });

  test("beside a strip there is no partition", () => {
    const layout = layoutStrip(10, PHONE);
    expect(partitionAt(layout, -1, 1)).toBeUndefined();
    expect(partitionAt(layout, layout.width + 1, 1)).toBeUndefined();
    expect(partitionAt(layout, 1, layout.height + 1)).toBeUndefined();
  });

  test("even the most partitions that there can be do not fill many screens", () => {
    expect(layoutStrip(65_536, DESKTOP).height).toBeLessThan(600);
  });
});

describe("a strip", () => {
  const status = toControllerStatus({
    cluster: { name: "kvnode", partitions: 4, replicas: 3, writeQuorum: 2 },
    partitions: [
      {
        partition: 0,
        state: "ok",
        members: [member("a", "primary"), member("b", "replica")],
      },
      {
        partition: 1,
        state: "taking over",
        members: [member("b", "primary"), member("a", "replica", "down")],
      },
      { partition: 2, state: "moving", members: [member("a", "learner", "catching up")] },
      { partition: 3, state: "ok", members: [member("a", "away", "unknown")] },
    ],
  });
  const copies = indexCopies(status);
  const layout = layoutStrip(4, PHONE);

  test.each([
    ["a", "a: primary: 1 partition, catching up: 1 partition, away or down: 2 partitions"],
    ["b", "b: primary, taking over: 1 partition, replica: 1 partition"],
    ["c", "c: no copies"],
  ])("of %p is described to those who do not see it", (worker, label) => {
    const shown = strip({ worker, layout, copies, look: undefined });
    expect(shown.attributes["aria-label"]).toBe(label);
  });

  test("has one path for each kind of copy, with a square for each", () => {
    const shown = strip({ worker: "a", layout, copies, look: 2 });
    const paths = findAll(shown, ({ tag }) => tag === "path");
    expect(paths.map(({ key }) => key)).toEqual(["primary", "learner", "gone"]);
    const gone = paths.find(({ key }) => key === "gone");
    expect(gone?.attributes.d?.match(/M/g)).toHaveLength(2);
    expect(findAll(shown, ({ key }) => key === "ring")).toHaveLength(1);
  });

  test("does not ring a partition that there is not", () => {
    const shown = strip({ worker: "a", layout, copies, look: 4 });
    expect(findAll(shown, ({ key }) => key === "ring")).toEqual([]);
  });
});
