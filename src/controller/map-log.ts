/**
 * In which order assignments changed, so that a worker whose map is nearly new is told only what
 * came since, without a look at all partitions.
 */
export class MapLog {
  /** Both by entry, versions never falling; only a partition's last entry counts. */
  #versions: number[] = [];
  #partitions: number[] = [];
  /** By partition; 0 never. */
  readonly #latest: Float64Array;

  constructor(partitions: number) {
    this.#latest = new Float64Array(partitions);
  }

  /** This partition changed with that version of the map, which is at least any noted before. */
  note(partition: number, version: number): void {
    this.#latest[partition] = version;
    this.#versions.push(version);
    this.#partitions.push(partition);
    if (this.#versions.length > 2 * this.#latest.length + 16) {
      this.#compact();
    }
  }

  /** Partitions that changed after this version of the map, each once. */
  since(version: number): number[] {
    const changed: number[] = [];
    for (let index = this.#firstAfter(version); index < this.#versions.length; index++) {
      const partition = this.#partitions[index] as number;
      if (this.#latest[partition] === this.#versions[index]) {
        changed.push(partition);
      }
    }
    return changed;
  }

  #firstAfter(version: number): number {
    let low = 0;
    let high = this.#versions.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#versions[middle] as number) <= version) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  #compact(): void {
    const kept = this.#versions.flatMap((version, index) => {
      const partition = this.#partitions[index] as number;
      return this.#latest[partition] === version ? [{ version, partition }] : [];
    });
    this.#versions = kept.map((entry) => entry.version);
    this.#partitions = kept.map((entry) => entry.partition);
  }
}
