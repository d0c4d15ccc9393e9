/**
 * Which request comes when: numbered keys, a value of so many bytes, and a mix of reads and writes.
 * Everything is a function of the request's number alone, so that the same load meets every server,
 * and a row says by its number what it was.
 */
import type { WorkloadSpec } from "./load-spec.ts";
import type { Operation, Protocol } from "./protocol.ts";

const KEY_DIGITS = 8;
/** How many values a draw can have. */
const DRAWS = 2 ** 32;

/** The key with this number, from 0; all are equally long. */
export function keyOf(number: number): string {
  return `key-${String(number).padStart(KEY_DIGITS, "0")}`;
}

/** A value of so many bytes, which differs from key to key. */
export function valueFor(number: number, bytes: number): string {
  return `${number}-`.padEnd(bytes, "x").slice(0, bytes);
}

/** A workload with the bytes of each request, made ahead. */
export class Workload {
  readonly #spec: WorkloadSpec;
  readonly #targets: number;
  /** Draws below it read. */
  readonly #readsBelow: number;
  readonly #writes: readonly Uint8Array[];
  readonly #reads: readonly Uint8Array[];

  constructor(spec: WorkloadSpec, options: { protocol: Protocol; targets: number }) {
    const { keys, valueBytes, readShare = 0, fill = false } = spec;
    this.#spec = spec;
    this.#targets = spec.reads === "spread" ? options.targets : 1;
    this.#readsBelow = fill ? 0 : readShare * DRAWS;
    const encodeAll = (toOperation: (number: number) => Operation) =>
      Array.from({ length: keys }, (_, number) => options.protocol.encode(toOperation(number)));
    this.#writes =
      this.#readsBelow >= DRAWS
        ? []
        : encodeAll((number) => ({
            ...{ kind: "put", key: keyOf(number), value: valueFor(number, valueBytes) },
          }));
    this.#reads =
      this.#readsBelow === 0 ? [] : encodeAll((number) => ({ kind: "get", key: keyOf(number) }));
  }

  /** Whether the request with this number reads. */
  reads(index: number): boolean {
    return this.#readsBelow > 0 && draw(index) < this.#readsBelow;
  }

  /** The bytes of the request with this number. */
  request(index: number): Uint8Array {
    const all = this.reads(index) ? this.#reads : this.#writes;
    const number = this.#spec.fill ? index : draw(~index) % all.length;
    return all[number] ?? new Uint8Array();
  }

  /** The place of its target: writes go to the first. */
  target(index: number): number {
    return this.#targets > 1 && this.reads(index) ? index % this.#targets : 0;
  }
}

/** 32 bits that look random and depend on the number alone (murmur3's last steps, A. Appleby). */
function draw(number: number): number {
  let bits = number | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
