/**
 * Where the hashes of this process begin: whoever knows that can make keys which all have one hash.
 * It is another number in each process, so nothing that is seen outside of a table, such as an
 * order, may depend on it.
 */
import { randomBytes } from "node:crypto";

/** A whole number of 32 bits, with a sign. */
export const HASH_SEED = randomBytes(4).readInt32LE();
