/** Frames: what is written is read again, and whatever else comes is a FrameError and no more. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { PeerMessage } from "../../../src/node/messages.ts";
import { FrameError } from "../../../src/transport/byte-reader.ts";
import { decodeFrame, FrameEncoder } from "../../../src/transport/frames.ts";
import { arbitraryMessage } from "../../support/arbitrary-messages.ts";
import { unpackedMessage } from "../../support/unpacked-message.ts";

const encode = (message: PeerMessage) => new FrameEncoder().encode(message);

/** Decodes to a message or a FrameError; anything else fails. */
function decodesOrRefuses(bytes: Uint8Array): PeerMessage | undefined {
  try {
    return decodeFrame(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(FrameError);
    return undefined;
  }
}

describe("a frame", () => {
  test("gives back every message as it was", () => {
    const encoder = new FrameEncoder();
    const property = fc.property(arbitraryMessage, (message) => {
      expect(unpackedMessage(decodeFrame(encoder.encode(message)))).toEqual(message);
    });
    fc.assert(property, { numRuns: 3_000 });
  });

  test("may lie anywhere in a larger buffer", () => {
    const property = fc.property(
      arbitraryMessage,
      fc.nat(9),
      fc.nat(9),
      (message, before, after) => {
        const frame = encode(message);
        const buffer = new Uint8Array(before + frame.length + after).fill(255);
        buffer.set(frame, before);
        const part = buffer.subarray(before, before + frame.length);
        expect(unpackedMessage(decodeFrame(part))).toEqual(message);
      },
    );
    fc.assert(property);
  });

  test("keeps what it says when its encoder goes on", () => {
    const encoder = new FrameEncoder();
    const one: PeerMessage = { type: "refuse", reason: "one" };
    const frame = encoder.encode(one);
    encoder.encode({ type: "refuse", reason: "two" });
    expect(decodeFrame(frame)).toEqual(one);
  });

  test("holds a value of megabytes, and small ones after it", () => {
    const encoder = new FrameEncoder();
    for (const length of [10_000_000, 3]) {
      const entry = { key: "k", value: "é".repeat(length), epoch: 1, sequence: 1 };
      const message: PeerMessage = {
        ...{ type: "entries", group: 0, epoch: 1, commitWatermark: 0, entries: [entry] },
      };
      const decoded = decodeFrame(encoder.encode(message));
      expect(decoded.type === "entries" && decoded.entries[0]?.value === entry.value).toBe(true);
    }
  });
});

describe("bytes that are no frame", () => {
  test("are refused when a frame is cut off anywhere", () => {
    const property = fc.property(arbitraryMessage, fc.nat(), (message, cut) => {
      const frame = encode(message);
      expect(decodesOrRefuses(frame.subarray(0, cut % frame.length))).toBeUndefined();
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  test("are refused when something follows", () => {
    const property = fc.property(
      arbitraryMessage,
      fc.uint8Array({ minLength: 1 }),
      (message, rest) => {
        const frame = Buffer.concat([encode(message), rest]);
        expect(decodesOrRefuses(frame)).toBeUndefined();
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  test("are refused when they are of another version, whatever follows", () => {
    const versions = fc.nat(255).filter((version) => version !== 3);
    const property = fc.property(versions, fc.uint8Array(), (version, rest) => {
      expect(() => decodeFrame(Uint8Array.of(version, ...rest))).toThrow(
        `unreadable frame: protocol version ${version}, this node speaks 3`,
      );
    });
    fc.assert(property);
  });

  test("do no harm when bits are flipped", () => {
    const flips = fc.array(fc.nat(), { minLength: 1, maxLength: 4 });
    const property = fc.property(arbitraryMessage, flips, (message, bits) => {
      const frame = encode(message);
      for (const bit of bits) {
        const at = (bit >> 3) % frame.length;
        frame[at] = (frame[at] as number) ^ (1 << (bit & 7));
      }
      decodesOrRefuses(frame);
    });
    fc.assert(property, { numRuns: 5_000 });
  });

  test("do no harm when they are random", () => {
    const property = fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(21), (bytes, kind) => {
      decodesOrRefuses(bytes);
      decodesOrRefuses(Uint8Array.of(3, kind, ...bytes));
    });
    fc.assert(property, { numRuns: 5_000 });
  });

  test("that claim huge lengths cost nothing", () => {
    const before = process.memoryUsage().rss;
    for (let kind = 0; kind <= 21; kind++) {
      for (let zeros = 0; zeros < 120; zeros++) {
        const bytes = Buffer.concat([
          Buffer.of(3, kind),
          Buffer.alloc(zeros),
          Buffer.alloc(8, 255),
        ]);
        decodesOrRefuses(bytes);
        decodesOrRefuses(bytes.subarray(0, -4));
      }
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  test.each([
    ["nothing at all", []],
    ["a kind that nobody knows", [3, 200]],
    ["a name of more than 1,024 bytes", [3, 1, 1, 5, 0, 0, ...Array(1_281).fill(0x61)]],
    ["a text that is not UTF-8", [3, 1, 2, 0, 0, 0, 0xc3, 0x28]],
    ["a text with half a surrogate", [3, 1, 3, 0, 0, 0, 0xed, 0xa0, 0x80]],
  ])("such as %s are refused", (_, bytes) => {
    expect(() => decodeFrame(Uint8Array.from(bytes))).toThrow(FrameError);
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    "such as a count of %p are refused",
    (count) => {
      const message = { type: "fetch", group: 0, epoch: 1, above: count } as const;
      expect(() => decodeFrame(encode(message))).toThrow(FrameError);
    },
  );

  test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    "such as an epoch of %p are refused",
    (epoch) => {
      const message = { type: "fetch", group: 0, epoch, above: 0 } as const;
      expect(() => decodeFrame(encode(message))).toThrow(FrameError);
    },
  );

  test("such as an entry whose key is too long are refused", () => {
    const key = "k".repeat(1_025);
    const entries = [{ key, value: "1", epoch: 1, sequence: 1 }];
    const message = { type: "entries", group: 0, epoch: 1, commitWatermark: 0, entries } as const;
    expect(() => decodeFrame(encode(message))).toThrow(FrameError);
  });

  test.each([
    ["no value", undefined],
    ["no JSON", "\ufeff"],
    ["null", "null"],
    ["a field too few", '{"writes":1,"takeovers":1}'],
    ["half a follower", '{"writes":1.5,"takeovers":1,"target":1}'],
    ["more for a takeover than for a write", '{"writes":1,"takeovers":2,"target":1}'],
  ])("such as a quorum with %s are refused", (_, value) => {
    const entries = [{ key: "", value, epoch: 1, sequence: 1 }];
    const message = { type: "entries", group: 0, epoch: 1, commitWatermark: 0, entries } as const;
    expect(() => decodeFrame(encode(message))).toThrow(FrameError);
  });
});
