/** Any message that one node may send to another, for property tests. */
import fc from "fast-check";
import type { Entry } from "../../src/core/entry.ts";
import { QUORUM_KEY, quorumToValue } from "../../src/core/quorum-entry.ts";
import type { PeerMessage } from "../../src/node/messages.ts";

const count = fc.oneof(fc.nat(1_000), fc.maxSafeNat());
const uint32 = fc.oneof(fc.nat(9), fc.nat(2 ** 32 - 1));
/** Well-formed, of every plane, and what decoders stumble over: byte order mark, U+FFFD, NUL. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("", "\ufeff", "\ufffd", "\u0000", "😀", "ä".repeat(600)),
);
const name = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("", "\ufeff", "\ufffd", "\u0000", "😀", "ä".repeat(120)),
);
/** Half of them with a fraction, as a candidate without memory has it. */
const epoch = fc.oneof(
  count,
  fc.tuple(fc.nat(2 ** 28), fc.nat(2 ** 24 - 1)).map(([whole, part]) => whole + part / 2 ** 24),
);
const scope = { group: uint32, epoch };

const version = { epoch, sequence: count };
/** What people write, and now and then the quorum, which stands at the empty key. */
export const arbitraryEntry: fc.Arbitrary<Entry> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      ...version,
      key: text.filter((key) => key !== QUORUM_KEY),
      value: fc.option(text, { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...version,
      key: fc.constant(QUORUM_KEY),
      value: fc
        .record({
          writes: fc.integer({ min: 10, max: 30 }),
          takeovers: fc.nat(10),
          target: fc.nat(30),
        })
        .map(quorumToValue),
    }),
  },
);
const entries = fc.array(arbitraryEntry, { maxLength: 8 });
const keys = fc.array(text, { maxLength: 8 });
const identity = fc
  .record({ life: name, members: fc.array(name, { maxLength: 31 }), seed: fc.nat() })
  .map(({ life, members, seed }) => {
    return { life, members, firstQuorum: seed % Math.max(1, members.length) };
  });
const note = { slot: uint32, memory: name, epoch, sequence: count };
const notes = fc.array(fc.record(note), { maxLength: 4 });
const quorum = fc.record({ writes: uint32, takeovers: uint32, target: uint32 });
const facts = fc.record({
  ...{ blank: fc.boolean(), memory: name, before: epoch, led: epoch, synced: epoch },
  ...{ watermark: count, commitWatermark: count, sequence: count, quorum, notes },
  severed: epoch,
});
/** 0: of a group that nobody appoints, as most that listen are. */
const copy = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: count });
const vouching = { vouched: count, severed: epoch };

const byType: { [Type in PeerMessage["type"]]: fc.Arbitrary<PeerMessage & { type: Type }> } = {
  hello: fc.record({
    type: fc.constant("hello"),
    cluster: name,
    instance: name,
    node: name,
    address: name,
  }),
  refuse: fc.record({ type: fc.constant("refuse"), reason: name }),
  ping: fc.constant({ type: "ping" as const }),
  pong: fc.record({ type: fc.constant("pong"), receivedBytes: count }),
  leave: fc.record({ type: fc.constant("leave"), group: uint32 }),
  inquire: fc.record({
    type: fc.constant("inquire"),
    ...{ group: uint32, copy, generation: copy },
  }),
  lead: fc.record({
    type: fc.constant("lead"),
    ...scope,
    identity,
    slot: uint32,
    copy,
    ...vouching,
  }),
  here: fc.record({
    type: fc.constant("here"),
    ...scope,
    copy,
    identity: fc.option(identity, { nil: undefined }),
    promised: epoch,
    facts,
    building: fc.option(fc.record({ epoch, watermark: count, pagedTo: count }), { nil: undefined }),
    leader: name,
  }),
  ask: fc.record({
    type: fc.constant("ask"),
    ...scope,
    identity,
    slot: uint32,
    copy,
    number: count,
    candidate: uint32,
    memory: name,
    blank: fc.boolean(),
  }),
  promise: fc.record({ type: fc.constant("promise"), ...scope, number: count, facts }),
  fenced: fc.record({ type: fc.constant("fenced"), ...scope, promised: epoch }),
  fetch: fc.record({ type: fc.constant("fetch"), ...scope, above: count }),
  fetched: fc.record({
    type: fc.constant("fetched"),
    ...scope,
    ...{ memory: name, above: count, upTo: count, last: fc.boolean(), entries },
  }),
  note: fc.record({ type: fc.constant("note"), group: uint32, ...note }),
  noted: fc.record({
    type: fc.constant("noted"),
    ...scope,
    ...{ slot: uint32, memory: name, blank: fc.boolean() },
  }),
  entries: fc.record({
    type: fc.constant("entries"),
    ...scope,
    commitWatermark: count,
    entries,
  }),
  page: fc.record({
    type: fc.constant("page"),
    ...scope,
    notes,
    page: fc.record({
      entries,
      from: count,
      upTo: count,
      needs: count,
      reset: fc.boolean(),
      last: fc.boolean(),
    }),
  }),
  compare: fc.record({ type: fc.constant("compare"), ...scope, from: count, keys }),
  compared: fc.record({
    type: fc.constant("compared"),
    ...scope,
    ...{ from: count, upTo: count, entries, absent: keys },
  }),
  news: fc.record({
    type: fc.constant("news"),
    ...scope,
    sequence: count,
    commitWatermark: count,
    stableWatermark: count,
    beat: count,
  }),
  acknowledge: fc.record({
    type: fc.constant("acknowledge"),
    ...scope,
    receivedBytes: count,
    said: fc.record({
      synced: fc.boolean(),
      watermark: count,
      pagedTo: count,
      beat: count,
      above: fc.array(count, { maxLength: 20 }),
    }),
  }),
};

/** Any message of one kind. */
export function arbitraryMessageOf<Type extends PeerMessage["type"]>(
  type: Type,
): fc.Arbitrary<PeerMessage & { type: Type }> {
  return byType[type];
}

export const arbitraryMessage: fc.Arbitrary<PeerMessage> = fc.oneof(...Object.values(byType));
