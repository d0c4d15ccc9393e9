/** A set of keys in key order (see key-order.ts), so that a page of a listing costs its page. */
import * as library from "sorted-btree";
import { compareKeys } from "./key-order.ts";

/**
 * The library is a CommonJS module, whose default export is the class to the runtime and an object
 * around it to the bundler that makes the executable.
 */
const wrapped = library.default as typeof library.default & { default?: typeof library.default };
const BTree = wrapped.default ?? wrapped;

export class SortedKeys {
  readonly #tree = new BTree<string, undefined>(undefined, compareKeys);

  add(key: string): void {
    this.#tree.set(key, undefined);
  }

  delete(key: string): void {
    this.#tree.delete(key);
  }

  /** Every key that is `first` or comes behind it, in order. */
  from(first: string): Iterable<string> {
    return this.#tree.keys(first);
  }
}
