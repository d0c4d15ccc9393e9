/** What was given, row by row of the table, before defaults and what no row can check alone. */
import type { Setting } from "./setting.ts";
import type { SETTINGS, SettingName } from "./table.ts";

/** The values that were given; a row that is left out has none. */
export type Parsed = {
  -readonly [Name in SettingName]?: (typeof SETTINGS)[Name] extends Setting<infer T> ? T : never;
};

/** What is said behind a value in the start line, where it needs it. */
export type Notes = { -readonly [Name in SettingName]?: string };

/** Settings, and what is to be said of them. */
export interface Settled<S> {
  readonly settings: S;
  readonly notes: Notes;
}
