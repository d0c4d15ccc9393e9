/** SHA-256 of a text, from the runtime's own library. A pure function: the core may use it. */
import { hash } from "node:crypto";

/** How many of the hash's bits fit a number exactly. */
const BYTES = 6;

/** The first 48 bits of the SHA-256 of the text's UTF-8, as a whole number. */
export function sha256Prefix(text: string): number {
  return hash("sha256", text, "buffer").readUIntBE(0, BYTES);
}
