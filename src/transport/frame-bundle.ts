/**
 * Several frames in one message, for what a turn has to say to one node: each message costs a call
 * of the system. A bundle begins like a frame, with a kind of its own; then come the frames, each
 * behind its length. A frame that is alone goes as it is.
 */
import { FrameError } from "./byte-reader.ts";
import { PROTOCOL_VERSION } from "./frames.ts";

/** In a frame's second byte; no message is of this kind. */
const BUNDLE = 255;
const HEAD_BYTES = 2;
const LENGTH_BYTES = 4;

/** One message for all of them, at least one, in this order. */
export function bundleFrames(frames: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const [first] = frames;
  if (first !== undefined && frames.length === 1) {
    return first;
  }
  const bytes = frames.reduce((sum, { length }) => sum + LENGTH_BYTES + length, HEAD_BYTES);
  const bundle = new Uint8Array(bytes);
  const view = new DataView(bundle.buffer);
  bundle.set([PROTOCOL_VERSION, BUNDLE]);
  let at = HEAD_BYTES;
  for (const frame of frames) {
    view.setUint32(at, frame.length, true);
    bundle.set(frame, at + LENGTH_BYTES);
    at += LENGTH_BYTES + frame.length;
  }
  return bundle;
}

/** The frames of a message, whatever it is; throws FrameError where a bundle is cut off. */
export function unbundleFrames(message: Uint8Array): readonly Uint8Array[] {
  if (message[0] !== PROTOCOL_VERSION || message[1] !== BUNDLE) {
    return [message];
  }
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const frames: Uint8Array[] = [];
  for (let at = HEAD_BYTES; at < message.length; ) {
    const start = at + LENGTH_BYTES;
    const end = start <= message.length ? start + view.getUint32(at, true) : Number.NaN;
    if (!(end <= message.length)) {
      throw new FrameError("a bundle that is cut off");
    }
    frames.push(message.subarray(start, end));
    at = end;
  }
  return frames;
}
