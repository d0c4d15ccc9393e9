/** Any message that one node may send to another, for property tests. */
import fc from "fast-check";
import type { Entry } from "../../src/core/entry.ts";
import type { PeerMessage } from "../../src/node/messages.ts";

const count = fc.oneof(fc.nat(1_000), fc.maxSafeNat());
const uint32 = fc.oneof(fc.nat(9), fc.nat(2 ** 32 - 1));
/** Well-formed, of every plane, and what decoders stumble over: byte order mark, U+FFFD, NUL. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("", "\ufeff", "\ufffd", "\u0000", "😀", "ä".repeat(600)),
);
const scope = { group: uint32, epoch: count };

export const arbitraryEntry: fc.Arbitrary<Entry> = fc.record({
  key: text.filter((key) => key !== ""),
  value: fc.option(text, { nil: undefined }),
  epoch: count,
  sequence: count,
});
const entries = fc.array(arbitraryEntry, { maxLength: 8 });

const byType: { [Type in PeerMessage["type"]]: fc.Arbitrary<PeerMessage & { type: Type }> } = {
  hello: fc.record({
    type: fc.constant("hello"),
    cluster: text,
    instance: text,
    node: text,
    address: text,
    role: fc.constantFrom("leader", "follower"),
  }),
  refuse: fc.record({ type: fc.constant("refuse"), reason: text }),
  lead: fc.record({ type: fc.constant("lead"), ...scope, life: text, writeQuorum: uint32 }),
  here: fc.record({
    type: fc.constant("here"),
    ...scope,
    blank: fc.boolean(),
    standing: fc.record({
      epoch: count,
      life: text,
      synced: fc.boolean(),
      watermark: count,
      pagedTo: count,
    }),
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
    life: text,
    page: fc.record({
      entries,
      upTo: count,
      needs: count,
      reset: fc.boolean(),
      last: fc.boolean(),
    }),
  }),
  news: fc.record({
    type: fc.constant("news"),
    ...scope,
    sequence: count,
    commitWatermark: count,
    stableWatermark: count,
    writeQuorum: uint32,
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
