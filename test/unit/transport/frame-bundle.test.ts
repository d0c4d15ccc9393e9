/** Bundles: the frames come out as they went in, and what is no bundle is a FrameError. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { FrameError } from "../../../src/transport/byte-reader.ts";
import { bundleFrames, unbundleFrames } from "../../../src/transport/frame-bundle.ts";
import { decodeFrame, FrameEncoder } from "../../../src/transport/frames.ts";
import { arbitraryMessage } from "../../support/arbitrary-messages.ts";

const encoder = new FrameEncoder();
const frames = (maxLength: number) =>
  fc.array(
    arbitraryMessage.map((message) => encoder.encode(message)),
    { minLength: 1, maxLength },
  );

test("a bundle gives back every frame in its order, wherever it lies", () => {
  const property = fc.property(frames(9), fc.nat(9), (given, before) => {
    const bundle = bundleFrames(given);
    const buffer = new Uint8Array(before + bundle.length + 1).fill(255);
    buffer.set(bundle, before);
    const taken = unbundleFrames(buffer.subarray(before, before + bundle.length));
    expect(taken.map((frame) => decodeFrame(frame))).toEqual(given.map((one) => decodeFrame(one)));
  });
  fc.assert(property, { numRuns: 500 });
});

test("a frame that is alone goes as it is", () => {
  const [frame] = fc.sample(frames(1), 1)[0] ?? [];
  expect(bundleFrames([frame as Uint8Array<ArrayBuffer>])).toBe(frame as Uint8Array<ArrayBuffer>);
});

test("a bundle that is cut off within a frame or a length is refused", () => {
  const property = fc.property(frames(3), fc.nat(), (given, cut) => {
    fc.pre(given.length > 1);
    const bundle = bundleFrames(given);
    const ends = new Set([2]);
    for (const { length } of given) {
      ends.add(Math.max(...ends) + 4 + length);
    }
    const part = bundle.subarray(0, 2 + (cut % (bundle.length - 2)));
    fc.pre(!ends.has(part.length));
    expect(() => unbundleFrames(part)).toThrow(FrameError);
  });
  fc.assert(property, { numRuns: 500 });
});

test("a length beyond what is there is refused, and a bundle within a bundle", () => {
  expect(() => unbundleFrames(Uint8Array.of(3, 255, 255, 255, 255, 255, 1))).toThrow(FrameError);
  const nested = unbundleFrames(Uint8Array.of(3, 255, 2, 0, 0, 0, 3, 255));
  expect(() => nested.map((frame) => decodeFrame(frame))).toThrow(FrameError);
});
