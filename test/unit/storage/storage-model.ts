/** A storage as slow and obvious as possible, and random changes for it and for the real ones. */
import fc from "fast-check";
import type { Entry } from "../../../src/core/entry.ts";
import { blankRecord, type GroupRecord } from "../../../src/core/group-record.ts";
import type { GroupChange, StoredGroup } from "../../../src/core/storage.ts";
import { compareVersions } from "../../../src/core/version.ts";

/** All that a storage keeps, in a form that can be compared: entries by key, groups by number. */
export type Kept = readonly {
  readonly group: number;
  readonly record: GroupRecord;
  readonly entries: readonly Entry[];
}[];

export function keptBy(groups: Iterable<StoredGroup>): Kept {
  return [...groups]
    .map(({ group, record, entries }) => ({ group, record, entries: [...entries].sort(byKey) }))
    .sort((a, b) => a.group - b.group);
}

function byKey(a: Entry, b: Entry): number {
  return a.key < b.key ? -1 : 1;
}

interface ModelGroup {
  record: GroupRecord | undefined;
  current: Map<string, Entry>;
  incoming: Map<string, Entry>;
}

export class StorageModel {
  readonly #groups = new Map<number, ModelGroup>();

  commit(changes: readonly GroupChange[]): void {
    for (const change of changes) this.#apply(change);
  }

  /** What opening it again does. */
  reopen(): void {
    for (const group of this.#groups.values()) group.incoming = new Map();
  }

  kept(): Kept {
    const groups: StoredGroup[] = [];
    for (const [group, { record, current }] of this.#groups) {
      if (record !== undefined) groups.push({ group, record, entries: current.values() });
    }
    return keptBy(groups);
  }

  #apply({ group, clearIncoming, incoming, adopt, forgotten, entries, record }: GroupChange): void {
    const kept = this.#groups.get(group) ?? blankGroup();
    this.#groups.set(group, kept);
    if (clearIncoming) kept.incoming = new Map();
    for (const entry of incoming ?? []) {
      const old = kept.incoming.get(entry.key);
      if (old === undefined || compareVersions(entry, old) >= 0)
        kept.incoming.set(entry.key, entry);
    }
    if (adopt) {
      kept.current = kept.incoming;
      kept.incoming = new Map();
    }
    for (const key of forgotten ?? []) kept.current.delete(key);
    for (const entry of entries ?? []) kept.current.set(entry.key, entry);
    if (record) kept.record = record;
  }
}

function blankGroup(): ModelGroup {
  return { record: undefined, current: new Map(), incoming: new Map() };
}

const SEQUENCE_MAX = 2 ** 53 - 1;

/** Few enough to meet again; "" is the quorum entry's. */
const arbitraryKey = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom("", "a", "b", "A", "\u0000", "a\u0000", "ä", "€", "𝄞", "ﬀ"),
  },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
);

const arbitraryEpoch = fc.oneof(
  fc.nat(5),
  fc.integer({ min: 1, max: SEQUENCE_MAX }).map((steps) => steps / 2 ** 24),
);

const arbitrarySequence = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.nat(SEQUENCE_MAX));

const arbitraryEntry: fc.Arbitrary<Entry> = fc.record({
  key: arbitraryKey,
  value: fc.oneof(
    { weight: 1, arbitrary: fc.constant(undefined) },
    { weight: 4, arbitrary: fc.json({ maxDepth: 2 }) },
    { weight: 1, arbitrary: fc.nat(9_000).map((length) => JSON.stringify("é".repeat(length))) },
  ),
  epoch: arbitraryEpoch,
  sequence: arbitrarySequence,
});

const arbitraryEntries = fc.array(arbitraryEntry, { maxLength: 12 });

export const arbitraryRecord: fc.Arbitrary<GroupRecord> = fc.record({
  identity: fc.option(
    fc.record({
      life: fc.string(),
      members: fc.array(fc.webUrl(), { maxLength: 3 }),
      firstQuorum: fc.nat(5),
    }),
    { nil: undefined },
  ),
  slot: fc.integer({ min: -1, max: 6 }),
  memory: fc.string(),
  copy: fc.nat(),
  promised: arbitraryEpoch,
  before: arbitraryEpoch,
  severed: arbitraryEpoch,
  led: arbitraryEpoch,
  synced: arbitraryEpoch,
  watermark: arbitrarySequence,
  commitWatermark: arbitrarySequence,
  notes: fc.array(
    fc.record({
      slot: fc.nat(6),
      memory: fc.string(),
      epoch: arbitraryEpoch,
      sequence: arbitrarySequence,
    }),
    { maxLength: 3 },
  ),
});

const arbitraryChange: fc.Arbitrary<GroupChange> = fc
  .record(
    {
      group: fc.nat(2),
      clearIncoming: fc.boolean(),
      incoming: arbitraryEntries,
      adopt: fc.boolean(),
      forgotten: fc.array(arbitraryKey, { maxLength: 3 }),
      entries: arbitraryEntries,
      record: arbitraryRecord,
    },
    { requiredKeys: ["group"] },
  )
  .map((change) => change as GroupChange);

/** What one turn of the event loop brings. */
export const arbitraryChanges = fc.array(arbitraryChange, { minLength: 1, maxLength: 3 });

/** A change that gives a group its record and these entries. */
export function changeOf(entries: readonly Entry[], watermark = 0): GroupChange {
  return { group: 0, entries, record: { ...blankRecord("memory"), watermark } };
}

/** `count` entries with keys `prefix0`, `prefix1` … in one epoch. */
export function entriesOf(prefix: string, count: number, epoch = 1): Entry[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `${prefix}${index}`,
    value: JSON.stringify(`value ${index} `.repeat(8)),
    epoch,
    sequence: index + 1,
  }));
}
