/**
 * Who hears whom: cuts between nodes, each for one direction. Several may lie over one another; a
 * way is open again when the last of them has healed.
 */

/** One direction between two nodes, by slot. */
export interface Way {
  readonly from: number;
  readonly to: number;
}

export class Cuts {
  readonly #nodes: number;
  readonly #depth: number[];
  readonly #healed: () => void;

  /** `healed` is called whenever some way may have opened again. */
  constructor(nodes: number, healed: () => void) {
    this.#nodes = nodes;
    this.#depth = new Array(nodes * nodes).fill(0);
    this.#healed = healed;
  }

  isCut(from: number, to: number): boolean {
    return (this.#depth[from * this.#nodes + to] ?? 0) > 0;
  }

  /** Cuts these ways; the returned function heals them, once. */
  cut(ways: readonly Way[]): () => void {
    this.#add(ways, 1);
    let open = false;
    return () => {
      if (!open) {
        open = true;
        this.#add(ways, -1);
        this.#healed();
      }
    };
  }

  #add(ways: readonly Way[], change: number): void {
    for (const { from, to } of ways) {
      const at = from * this.#nodes + to;
      this.#depth[at] = (this.#depth[at] ?? 0) + change;
    }
  }
}

/** Both directions between any of these and any of those, none to itself. */
export function waysBetween(these: readonly number[], those: readonly number[]): Way[] {
  return these.flatMap((one) =>
    those.flatMap((other) =>
      one === other
        ? []
        : [
            { from: one, to: other },
            { from: other, to: one },
          ],
    ),
  );
}
