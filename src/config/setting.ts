/** What one row of the settings table is, and the readers of single values that the rows share. */
import { resolve } from "node:path";
import { formatBytes, readBytes } from "../base/bytes.ts";
import { durationMs, formatDuration, readDuration } from "../base/duration.ts";
import type { Role } from "./role.ts";

/** A wrong setting: one line that names the variable, the value and what is allowed. */
export class SettingError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "SettingError";
  }
}

/** What a value must be instead; the table's reader puts variable and value before it. */
export class NotAllowed extends Error {}

const CHARACTERS_SHOWN = 120;

/** What a person wrote, in JSON quotes and cut, so that it can't make a second line or a screen. */
export function quoteGiven(text: string): string {
  const cut = text.length > CHARACTERS_SHOWN;
  const shown = JSON.stringify(cut ? `${text.slice(0, CHARACTERS_SHOWN)}…` : text);
  return shown.replace(/[\p{Cc}\u2028\u2029]/gu, (sign) => {
    return `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** One row of the table; T is what the rest of the program gets. */
export interface Setting<T> {
  /** Other variables that mean the same. */
  readonly aliases: readonly string[];
  /** What stands behind the flag in the help, without brackets. */
  readonly placeholder: string;
  /** The default as text for help and README. */
  readonly defaultText: string;
  /** One or two sentences for help and README. */
  readonly meaning: string;
  /** To whom it means something; without it, to every node. */
  readonly roles?: readonly Role[];
  /** Trimmed text to value; throws NotAllowed. The text is not empty unless `emptyAllowed`. */
  readonly parse: (text: string) => T;
  /** An empty text has a meaning of its own (an empty list). */
  readonly emptyAllowed?: boolean;
}

/** Keeps T where the table is written down. */
export function setting<T>(row: Setting<T>): Setting<T> {
  return row;
}

/** One word of a few, in any case. */
export function parseChoice<const T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    const found = choices.find((choice) => choice === text.toLowerCase());
    if (found === undefined) throw new NotAllowed(`allowed are ${choices.join(", ")}`);
    return found;
  };
}

/** A whole number in decimal digits, from `least` to `most`. */
export function parseWhole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new NotAllowed(`allowed is a whole number from ${least} to ${most}`);
  };
}

/** A name that is safe in logs, metrics and addresses. */
export function parseName(text: string): string {
  if (/^[A-Za-z0-9._-]{1,64}$/.test(text)) return text;
  throw new NotAllowed("allowed are 1 to 64 letters, digits, dots, hyphens and underscores");
}

/** A directory as an absolute path; whether it can be used shows when it is opened. */
export function parseDirectory(text: string): string {
  if (!text.includes("\0")) return resolve(text);
  throw new NotAllowed("allowed is the path of a directory");
}

/** A size between two bounds, in bytes. */
export function parseSize(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = readBytes(text);
    if (value !== undefined && value >= least && value <= most) return value;
    throw new NotAllowed(
      `allowed is a size from ${formatBytes(least)} to ${formatBytes(most)}, ` +
        "such as 512KiB or 1MiB (a bare number is bytes)",
    );
  };
}

/** A rate between two bounds, in bytes a second; `/s` may stand behind the size. */
export function parseRate(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = readBytes(text.replace(/\/s$/, ""));
    if (value !== undefined && value >= least && value <= most) return value;
    throw new NotAllowed(
      `allowed is a rate from ${formatBytes(least)}/s to ${formatBytes(most)}/s, ` +
        "such as 512KiB/s or 8MiB (a bare number is bytes a second)",
    );
  };
}

/** A time-out or interval in ms; a bare number is seconds, as all reports mean it. */
export function parseTimeout(leastMs: number, mostMs: number): (text: string) => number {
  return (text) => {
    const read = readDuration(text);
    const bounds = `from ${formatDuration(leastMs)} to ${formatDuration(mostMs)}`;
    if (read === undefined) {
      throw new NotAllowed(
        `allowed is a duration ${bounds}, such as 500ms or 2s (a bare number is seconds)`,
      );
    }
    const ms = durationMs(read.amount, read.unit ?? "s");
    if (ms >= leastMs && ms <= mostMs) return ms;
    const bare = read.unit === undefined ? `, and a bare number is seconds: write ${text}ms` : "";
    const hint = bare !== "" && read.amount <= mostMs && read.amount >= leastMs ? bare : "";
    throw new NotAllowed(`allowed is a duration ${bounds}${hint}`);
  };
}

/**
 * A simulated delay in ms; a bare number is ms (reports 002 and 003). Report 000 writes seconds, so
 * a bare number that would be a plausible delay only in seconds is refused with both readings.
 */
export function parseDelay(mostMs: number): (text: string) => number {
  return (text) => {
    const read = readDuration(text);
    const allowed = `allowed is a duration from 0ms to ${formatDuration(mostMs)}`;
    if (read === undefined) {
      throw new NotAllowed(`${allowed}, such as 0.1ms (a bare number is milliseconds)`);
    }
    if (read.unit === undefined && read.amount > 0 && read.amount < 0.05) {
      const asSeconds = formatDuration(durationMs(read.amount, "s"));
      throw new NotAllowed(
        `without a unit this may mean seconds (write ${asSeconds}) ` +
          `or milliseconds (write ${read.amount}ms)`,
      );
    }
    const ms = durationMs(read.amount, read.unit ?? "ms");
    if (ms <= mostMs) return ms;
    throw new NotAllowed(allowed);
  };
}
