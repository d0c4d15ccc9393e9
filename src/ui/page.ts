/** What a page is to the document that shows it, and what it is given. */
import type { Ask } from "./reply.ts";
import type { Tree } from "./tree.ts";

export interface Page {
  /** All that the page shows now. */
  view(): readonly Tree[];
  /**
   * Something that a person did, by the name in `data-do`, with the fields of its form or the
   * `data-` attributes of its button.
   */
  act(name: string, fields: Fields): void | Promise<void>;
  /** Of the browser's tab. */
  title(): string;
  /** Asks for the newest status and shows it; false where no answer came. */
  refresh(): Promise<boolean>;
}

export type Fields = Readonly<Record<string, string | undefined>>;

export interface PageParts {
  readonly ask: Ask;
  /** Shows soon what `view` gives by then; cheap to call often. */
  readonly redraw: () => void;
  /** Time of day, ms since 1970. */
  readonly now: () => number;
}
