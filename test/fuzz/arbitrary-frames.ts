/**
 * What may come along a link: messages in order, messages that know what a real member of the group
 * would know, messages with numbers that nobody may send, bytes that are no message, and what is no
 * proper WebSocket frame. A session is what one link brings, in whatever order.
 */
import fc from "fast-check";
import type { GroupIdentity } from "../../src/core/group-record.ts";
import { QUORUM_KEY } from "../../src/core/quorum-entry.ts";
import type { PeerMessage } from "../../src/node/messages.ts";
import { FrameEncoder } from "../../src/transport/frames.ts";
import { arbitraryMessage, arbitraryMessageOf } from "../support/arbitrary-messages.ts";
import { OPCODE, type WireFrame } from "./web-socket-bytes.ts";

/** What a member of the group knows, and `here` tells everybody who asks. */
export interface GroupKnowledge {
  readonly cluster: string;
  readonly epoch: number;
  readonly identity: GroupIdentity;
  /** About the newest sequence. */
  readonly sequence: number;
}

export type Step =
  /** A message in order; `knowing` takes epoch, identity and so on from the group it is sent to. */
  | { readonly step: "message"; readonly message: PeerMessage; readonly knowing: boolean }
  /** A message whose bytes were tampered with. */
  | { readonly step: "tampered"; readonly message: PeerMessage; readonly tampering: Tampering }
  | { readonly step: "bytes"; readonly bytes: Uint8Array }
  | { readonly step: "wire"; readonly frame: WireFrame };

export type Tampering =
  | { readonly kind: "cut"; readonly at: number }
  | { readonly kind: "flip"; readonly bits: readonly number[] }
  | { readonly kind: "version"; readonly version: number }
  | { readonly kind: "number"; readonly at: number; readonly number: number }
  | { readonly kind: "length"; readonly at: number; readonly length: number }
  | { readonly kind: "append"; readonly bytes: Uint8Array };

export interface Session {
  readonly greeting: "ours" | "another cluster" | "none";
  readonly steps: readonly Step[];
}

const NUMBERS = [
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, -0, 0.5, 1e308, 5e-324],
  ...[2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, 2 ** 63, 2 ** 64, -(2 ** 53)],
];

const tampering: fc.Arbitrary<Tampering> = fc.oneof(
  fc.record({ kind: fc.constant("cut"), at: fc.nat() }),
  fc.record({
    kind: fc.constant("flip"),
    bits: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant("version"), version: fc.nat(255) }),
  fc.record({
    kind: fc.constant("number"),
    at: fc.nat(),
    number: fc.oneof(fc.constantFrom(...NUMBERS), fc.double()),
  }),
  fc.record({
    kind: fc.constant("length"),
    at: fc.nat(),
    length: fc.oneof(fc.constantFrom(2 ** 32 - 1, 2 ** 31, 2 ** 24, 1_025), fc.nat(2 ** 32 - 1)),
  }),
  fc.record({ kind: fc.constant("append"), bytes: fc.uint8Array({ minLength: 1, maxLength: 9 }) }),
);

const smallBytes = fc.uint8Array({ maxLength: 200 });
const wire: fc.Arbitrary<WireFrame> = fc.oneof(
  fc.record({ opcode: fc.constant(OPCODE.text), payload: smallBytes }),
  fc.record({
    opcode: fc.nat(15),
    payload: smallBytes,
    unfinished: fc.boolean(),
    reserved: fc.nat(7),
  }),
  fc.record({
    opcode: fc.constantFrom(OPCODE.binary, OPCODE.ping, OPCODE.close, OPCODE.continuation),
    payload: smallBytes,
    claimedBytes: fc.oneof(
      fc.constantFrom(2n ** 63n, 2n ** 64n - 1n, 2n ** 40n, 2n ** 31n, 1_000_000n),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    ),
  }),
);

const bytes = fc.oneof(
  smallBytes,
  // Of our version, so that more than the first byte is read.
  fc.tuple(fc.nat(255), smallBytes).map(([kind, rest]) => Uint8Array.of(3, kind, ...rest)),
  // Bundles, of rubbish or of nothing.
  smallBytes.map((rest) => Uint8Array.of(3, 255, ...rest)),
);

/** Steps that a node takes and goes on; it hangs up on one who refuses it. */
const orderly: fc.Arbitrary<Step> = fc.record({
  step: fc.constant("message"),
  message: arbitraryMessage.filter(({ type }) => type !== "refuse"),
  knowing: fc.boolean(),
});

/** Steps after which a node closes the link, mostly. */
const disorderly: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 1,
    arbitrary: fc.record({
      step: fc.constant("message"),
      message: arbitraryMessageOf("refuse"),
      knowing: fc.constant(false),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ step: fc.constant("tampered"), message: arbitraryMessage, tampering }),
  },
  { weight: 2, arbitrary: fc.record({ step: fc.constant("bytes"), bytes }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("wire"), frame: wire }) },
);

export interface SessionChoices {
  /** May messages carry the group's own epoch and life? */
  readonly knowing: boolean;
  readonly greetings: readonly Session["greeting"][];
  /** Messages with which a session begins, mostly, so that it is listened to. */
  readonly opening: readonly fc.Arbitrary<PeerMessage>[];
  readonly stepsMax: number;
  /** Kinds that are left out. */
  readonly without: readonly PeerMessage["type"][];
}

const OPENING_SHARE = 5;

/** Orderly messages in any order, then perhaps one that is not. */
export function arbitrarySession(choices: SessionChoices): fc.Arbitrary<Session> {
  const { knowing, greetings, stepsMax } = choices;
  const opening = choices.opening.map((first) =>
    first.map((message): Step => ({ step: "message", message, knowing: true })),
  );
  const steps = fc
    .tuple(
      fc.option(fc.tuple(...opening), { nil: [], freq: OPENING_SHARE }),
      fc.array(orderly, { maxLength: stepsMax, size: "max" }),
      fc.array(disorderly, { maxLength: 2, size: "max" }),
    )
    .map(([first, before, after]): Step[] => [...first, ...before, ...after])
    .map((all) =>
      all.filter((step) => !("message" in step) || !choices.without.includes(step.message.type)),
    )
    .filter((all) => all.length > 0)
    .map((all) =>
      all.map((step) => (step.step === "message" && !knowing ? { ...step, knowing } : step)),
    );
  return fc.record({ greeting: fc.constantFrom(...greetings), steps });
}

/** A page that is all there is: who takes it follows from there on. */
export const wholePage: fc.Arbitrary<PeerMessage> = arbitraryMessageOf("page").map((message) => {
  const { entries } = message.page;
  return {
    ...message,
    page: { entries, from: 0, upTo: 1, needs: 1, reset: true, last: true },
  };
});

const encoder = new FrameEncoder();

/** The first message of a session, or undefined where it goes without. */
export function greetingOf(session: Session, knowledge: GroupKnowledge): WireFrame | undefined {
  if (session.greeting === "none") return undefined;
  const cluster = session.greeting === "ours" ? knowledge.cluster : `not ${knowledge.cluster}`;
  const address = "http://127.0.0.1:9";
  return binary(
    encoder.encode({
      ...{ type: "hello", cluster, instance: "fuzz", node: "fuzz", address },
    }),
  );
}

/** A step as it goes over the wire. */
export function frameOf(step: Step, knowledge: GroupKnowledge): WireFrame {
  switch (step.step) {
    case "message":
      return binary(
        encoder.encode(step.knowing ? adapt(step.message, knowledge) : inGroup(step.message)),
      );
    case "tampered":
      return binary(tamper(Buffer.from(encoder.encode(step.message)), step.tampering));
    case "bytes":
      return binary(step.bytes);
    case "wire":
      return step.frame;
  }
}

/** Whether a step is one after which the node may wait for more bytes and answers no ping. */
export function swallowsWhatFollows(step: Step): boolean {
  if (step.step !== "wire") return false;
  const { claimedBytes, payload } = step.frame;
  return claimedBytes !== undefined && claimedBytes > BigInt(payload.length);
}

function binary(payload: Uint8Array): WireFrame {
  return { opcode: OPCODE.binary, payload };
}

/** Everybody knows that there is one group, and what its number is; a few say another. */
function inGroup(message: PeerMessage): PeerMessage {
  return "group" in message && message.group % 8 !== 7 ? { ...message, group: 0 } : message;
}

/**
 * The message as a member of this group would say it: its cluster, identity and epoch, and half of
 * its numbers near those that exist. Whatever the kind of message, the fields have these names.
 */
function adapt(message: PeerMessage, knowledge: GroupKnowledge): PeerMessage {
  return adaptFields(message, knowledge) as PeerMessage;
}

function adaptFields(fields: object, knowledge: GroupKnowledge): object {
  const adapted: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    adapted[name] = adaptValue(name, value, knowledge);
  }
  // At the quorum's own key stands what every node reads for itself.
  if ("key" in fields && String(adapted.value).length === 1) adapted.key = QUORUM_KEY;
  return adapted;
}

const EPOCHS = ["epoch", "synced", "led", "before", "promised"];
const PLACES = ["slot", "candidate", "writes", "takeovers", "target"];

function adaptValue(name: string, value: unknown, knowledge: GroupKnowledge): unknown {
  const { cluster, identity, epoch, sequence } = knowledge;
  if (name === "cluster") return cluster;
  if (name === "identity") return identity;
  if (name === "group") return 0;
  if (PLACES.includes(name)) return Number(value) % Math.max(1, identity.members.length);
  if (typeof value === "number" && value % 2 === 0) {
    if (EPOCHS.includes(name)) return epoch;
    const near = sequence + (value % 9) - 2;
    return Number.isSafeInteger(near) ? Math.max(0, near) : value;
  }
  if (name === "epoch") return epoch;
  if (Array.isArray(value)) return value.map((item) => adaptValue("", item, knowledge));
  if (typeof value === "object" && value !== null) return adaptFields(value, knowledge);
  return value;
}

function tamper(frame: Buffer, how: Tampering): Uint8Array {
  switch (how.kind) {
    case "cut":
      return frame.subarray(0, how.at % frame.length);
    case "flip":
      for (const bit of how.bits) {
        const at = (bit >> 3) % frame.length;
        frame[at] = (frame[at] as number) ^ (1 << (bit & 7));
      }
      return frame;
    case "version":
      frame[0] = how.version;
      return frame;
    case "number":
      if (frame.length >= 10) frame.writeDoubleLE(how.number, 2 + (how.at % (frame.length - 9)));
      return frame;
    case "length":
      if (frame.length >= 6) frame.writeUInt32LE(how.length, 2 + (how.at % (frame.length - 5)));
      return frame;
    case "append":
      return Buffer.concat([frame, how.bytes]);
  }
}
