/**
 * The partition map: for every worker a strip with one place for each partition, in the same order
 * everywhere, so that a partition that moves changes strips and keeps its place.
 *
 * A strip is one SVG path for each kind of copy, however many partitions there are: a big square is
 * a primary and a small one a replica, so that the map also reads without its colours.
 */
import type { ControllerStatus, PartitionStatus } from "./controller-status.ts";
import { h, type TreeElement } from "./tree.ts";
import { count } from "./words.ts";

/** What a worker is to a partition, as one sees it; the order is the legend's. */
export const COPY_KINDS = ["primary", "opening", "replica", "learner", "gone"] as const;

export type CopyKind = (typeof COPY_KINDS)[number];

export const KIND_NAMES: Readonly<Record<CopyKind, string>> = {
  primary: "primary",
  opening: "primary, taking over",
  replica: "replica",
  learner: "catching up",
  gone: "away or down",
};

/** Where the places of a strip lie, in CSS pixels. */
export interface StripLayout {
  readonly partitions: number;
  readonly columns: number;
  /** Side of one place, the gap included. */
  readonly cell: number;
  readonly width: number;
  readonly height: number;
}

const CELL_MAX = 14;
const CELL_MIN = 2;

/** How small a place may be: the more there are, the smaller, or the strips fill the screen. */
const LEGIBLE = [
  { upTo: 128, cell: 9 },
  { upTo: 512, cell: 7 },
  { upTo: 2_048, cell: 5 },
  { upTo: 16_384, cell: 3 },
];

/** Fills the width with as few rows as stay legible; 2ⁿ or 3·2ⁿ places stand in a row. */
export function layoutStrip(partitions: number, width: number): StripLayout {
  const legible = LEGIBLE.find(({ upTo }) => partitions <= upTo)?.cell ?? CELL_MIN;
  let columns = Math.max(1, partitions);
  if (columns * legible > width) {
    const room = Math.max(1, width / legible);
    const power = 2 ** Math.floor(Math.log2(room));
    columns = Math.min(columns, power * 1.5 <= room && power > 1 ? power * 1.5 : power);
  }
  const cell = Math.max(CELL_MIN, Math.min(CELL_MAX, Math.floor((2 * width) / columns) / 2));
  const rows = Math.ceil(partitions / columns);
  return { partitions, columns, cell, width: columns * cell, height: rows * cell };
}

/** The partition at a point of a strip, or undefined beside it. */
export function partitionAt(layout: StripLayout, x: number, y: number): number | undefined {
  const column = Math.floor(x / layout.cell);
  const row = Math.floor(y / layout.cell);
  if (column < 0 || row < 0 || column >= layout.columns) return undefined;
  const partition = row * layout.columns + column;
  return partition < layout.partitions ? partition : undefined;
}

/** Which copies each worker has, by worker and kind; the partitions of each in order. */
export type CopyIndex = ReadonlyMap<string, ReadonlyMap<CopyKind, readonly number[]>>;

/** Sorts all copies once, for all strips. */
export function indexCopies(status: ControllerStatus): CopyIndex {
  const index = new Map<string, Map<CopyKind, number[]>>();
  for (const partition of status.partitions) {
    for (const member of partition.members) {
      const kinds = index.get(member.id) ?? new Map<CopyKind, number[]>();
      index.set(member.id, kinds);
      const kind = kindOf(partition, member);
      const partitions = kinds.get(kind) ?? [];
      kinds.set(kind, partitions);
      partitions.push(partition.partition);
    }
  }
  return index;
}

function kindOf(partition: PartitionStatus, member: PartitionStatus["members"][number]): CopyKind {
  if (member.state === "down" || member.role === "away") return "gone";
  if (member.role === "primary") return partition.state === "taking over" ? "opening" : "primary";
  if (member.role === "learner" || member.state === "catching up") return "learner";
  return "replica";
}

/** One worker's strip; `look` is the partition that is looked at. */
export function strip(options: {
  readonly worker: string;
  readonly layout: StripLayout;
  readonly copies: CopyIndex;
  readonly look: number | undefined;
}): TreeElement {
  const { worker, layout, look } = options;
  const kinds = options.copies.get(worker) ?? new Map<CopyKind, readonly number[]>();
  const { width, height, cell } = layout;
  return h(
    "svg",
    {
      class: "strip",
      role: "img",
      "aria-label": `${worker}: ${describeCopies(kinds)}`,
      "data-strip": worker,
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
    },
    h("rect", { class: "strip-track", width, height, rx: Math.min(3, cell / 3) }),
    COPY_KINDS.map((kind) => {
      const path = squares(layout, kind, kinds.get(kind) ?? []);
      return path !== "" && h("path", { key: kind, class: `copy copy-${kind}`, d: path });
    }),
    look !== undefined && look < layout.partitions && ring(layout, look),
  );
}

/** `primary of 16 partitions, replica of 32`, for those who do not see the strip. */
export function describeCopies(kinds: ReadonlyMap<CopyKind, readonly number[]>): string {
  const parts = COPY_KINDS.flatMap((kind) => {
    const number = kinds.get(kind)?.length ?? 0;
    return number === 0 ? [] : [`${KIND_NAMES[kind]}: ${count(number, "partition")}`];
  });
  return parts.length === 0 ? "no copies" : parts.join(", ");
}

/** Share of a place that a kind's square fills. */
const SIDE: Readonly<Record<CopyKind, number>> = {
  primary: 1,
  opening: 1,
  replica: 0.5,
  learner: 0.75,
  gone: 0.5,
};

function squares(layout: StripLayout, kind: CopyKind, partitions: readonly number[]): string {
  const { columns, cell } = layout;
  const gap = cell >= 8 ? 2 : 1;
  const side = tenth(Math.max(1.5, (cell - gap) * SIDE[kind]));
  const inset = (cell - side) / 2;
  let path = "";
  for (const partition of partitions) {
    const x = tenth((partition % columns) * cell + inset);
    const y = tenth(Math.floor(partition / columns) * cell + inset);
    path += `M${x} ${y}h${side}v${side}h-${side}z`;
  }
  return path;
}

function ring(layout: StripLayout, partition: number): TreeElement {
  const { columns, cell } = layout;
  return h("rect", {
    key: "ring",
    class: "strip-ring",
    x: tenth((partition % columns) * cell - 1),
    y: tenth(Math.floor(partition / columns) * cell - 1),
    width: cell + 2,
    height: cell + 2,
    rx: 2,
  });
}

function tenth(number: number): number {
  return Math.round(number * 10) / 10;
}
