/**
 * How a worker sends a call on to another one, which answers it itself and never sends it further.
 * Nothing here is ever sent twice: whether a call may be made again is for its caller to say.
 */
import type { KvError } from "../base/errors.ts";
import type { Entry } from "../core/entry.ts";
import type {
  FoundEntry,
  ListPage,
  ReadLevel,
  RemoveAnswer,
  WriteAnswer,
} from "../http/service.ts";

/** What became of a call that was sent on. */
export type Sent<T> =
  | { readonly kind: "answer"; readonly answer: T }
  /** The other worker says why not; what it says of the outcome holds. */
  | { readonly kind: "error"; readonly error: KvError }
  /** Certainly nothing was sent: nobody listens there, or no connection came about in time. */
  | { readonly kind: "unsent" }
  /** It was sent, in part at least, and no answer came: it may have been carried out. */
  | { readonly kind: "lost" };

export interface ListOptions {
  readonly prefix: string;
  readonly after: string | null;
  readonly limit: number;
}

/** `to`: the other worker's URL. The promises never reject. */
export interface ForwardPort {
  write(to: string, key: string, value: string): Promise<Sent<WriteAnswer>>;
  remove(to: string, key: string): Promise<Sent<RemoveAnswer>>;
  read(to: string, key: string, level: ReadLevel): Promise<Sent<FoundEntry | undefined>>;
  /** A page of what it leads, in key order. */
  list(to: string, options: ListOptions): Promise<Sent<ListPage>>;
  /** The live entries of its own copy of that partition, in no order. */
  dump(to: string, partition: number): Promise<Sent<readonly Entry[]>>;
  close(): void;
}
