/** Expecting a KvError, whether it is thrown at once or comes from a promise. */
import { KvError } from "../../src/base/errors.ts";

/** The KvError with which the call fails; anything else fails the test. */
export async function kvErrorOf(call: () => unknown): Promise<KvError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof KvError) {
      return error;
    }
    throw error;
  }
  throw new Error("it did not fail");
}
