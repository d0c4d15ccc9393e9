/**
 * JSON as text. A value is kept as the text that the client sent, so nothing here changes a value:
 * these functions only look whether a text may be kept, and where a field's text begins and ends.
 *
 * A text is kept when every reader with 64-bit floats gets the number that was written. Whole
 * numbers are the promise (identifiers!): one that a double can't hold is refused. A fraction is
 * rounded by its readers, as everywhere, but it may not become infinite or vanish to 0.
 */

/** Deepest nesting of arrays and objects that a value may have. */
export const MAX_NESTING = 512;

/** A text without any of these can't hold a number that a double loses. */
const MAY_BE_INEXACT = /\d{16}|\d[eE]/;

/** Above this a double has all its digits. */
const SMALL = 1e-290;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

/**
 * Says in one sentence why a valid JSON text can't be kept exactly, or undefined when it can.
 * A short text without long numbers costs one regular expression, a string nothing.
 */
export function findUnkeepable(text: string): string | undefined {
  if (text.charCodeAt(0) === QUOTE) return undefined;
  const mayBeInexact = MAY_BE_INEXACT.test(text);
  const mayBeDeep = text.length > 2 * MAX_NESTING;
  if (!mayBeInexact && !mayBeDeep) return undefined;

  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at) - 1;
    } else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      depth++;
      if (depth > MAX_NESTING) return `it nests deeper than ${MAX_NESTING} arrays and objects`;
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) {
      depth--;
    } else if (mayBeInexact && startsNumber(code)) {
      const end = endOfNumber(text, at);
      const literal = text.slice(at, end);
      if (!isKeptByDouble(literal)) {
        return `the number ${shorten(literal)} is lost in a 64-bit float; send it as a string`;
      }
      at = end - 1;
    }
  }
  return undefined;
}

/**
 * Whether a reader with 64-bit floats gets what a JSON number literal says: a whole number exactly
 * (or as the shortest decimal that stands for the double, which is how doubles are printed), a
 * fraction rounded but neither infinite nor 0.
 */
export function isKeptByDouble(literal: string): boolean {
  const number = Number(literal);
  if (!Number.isFinite(number)) return false;
  // Of 15 digits or fewer none is lost between the smallest normal double and the largest.
  if (literal.length <= 15 && Math.abs(number) > SMALL) return true;
  const written = toScientific(literal);
  if (written.digits === "") return true;
  if (number === 0) return false;
  if (written.exponent < 0) return true;
  const shortest = toScientific(String(number));
  if (written.digits === shortest.digits && written.exponent === shortest.exponent) return true;
  const magnitude = BigInt(written.digits) * 10n ** BigInt(written.exponent);
  return BigInt(Math.abs(number)) === magnitude;
}

/**
 * The raw text of each member of a JSON object, by its name; of a repeated name the last one, as
 * JSON.parse does. The text must be a valid JSON object.
 */
export function memberTexts(text: string): Map<string, string> {
  const members = new Map<string, string>();
  let at = text.indexOf("{") + 1;
  for (;;) {
    at = skipSpace(text, at);
    if (text.charCodeAt(at) === CLOSE_OBJECT) return members;
    if (text.charCodeAt(at) === COMMA) {
      at++;
      continue;
    }
    const nameEnd = endOfString(text, at);
    const name = JSON.parse(text.slice(at, nameEnd)) as string;
    at = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const end = endOfValue(text, at);
    members.set(name, text.slice(at, end).trimEnd());
    at = end;
  }
}

/** The raw text of each element of a JSON array, in order. The text must be a valid JSON array. */
export function elementTexts(text: string): string[] {
  const elements: string[] = [];
  let at = text.indexOf("[") + 1;
  for (;;) {
    at = skipSpace(text, at);
    if (text.charCodeAt(at) === CLOSE_ARRAY) return elements;
    if (text.charCodeAt(at) === COMMA) {
      at++;
      continue;
    }
    const end = endOfValue(text, at);
    elements.push(text.slice(at, end).trimEnd());
    at = end;
  }
}

/** Index behind the closing quote of the string that opens at `at`. */
function endOfString(text: string, at: number): number {
  let quote = text.indexOf('"', at + 1);
  while (quote !== -1 && isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote === -1 ? text.length : quote + 1;
}

/** Whether an odd number of backslashes stands before it. */
function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === BACKSLASH) before--;
  return (at - before) % 2 === 0;
}

/** Index of the comma or closing bracket that ends the value which begins at `at`. */
function endOfValue(text: string, at: number): number {
  let depth = 0;
  for (let index = at; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      index = endOfString(text, index) - 1;
    } else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      depth++;
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) {
      if (depth === 0) return index;
      depth--;
    } else if (code === COMMA && depth === 0) {
      return index;
    }
  }
  return text.length;
}

function skipSpace(text: string, at: number): number {
  let index = at;
  while (index < text.length && text.charCodeAt(index) <= 0x20) index++;
  return index;
}

function startsNumber(code: number): boolean {
  return code === MINUS || (code >= DIGIT_0 && code <= DIGIT_9);
}

function endOfNumber(text: string, at: number): number {
  let index = at + 1;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    const ends =
      code <= 0x20 ||
      code === COMMA ||
      code === COLON ||
      code === CLOSE_ARRAY ||
      code === CLOSE_OBJECT;
    if (ends) break;
    index++;
  }
  return index;
}

/**
 * The magnitude of a number literal as digits × 10^exponent, without leading and trailing zeros;
 * digits are empty for 0. Loops instead of patterns, since a literal may have a million digits.
 */
function toScientific(literal: string): { digits: string; exponent: number } {
  const unsigned = literal.startsWith("-") ? literal.slice(1) : literal;
  const [mantissa = "", power = "0"] = unsigned.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const all = whole + fraction;
  let start = 0;
  let end = all.length;
  while (start < end && all.charCodeAt(start) === DIGIT_0) start++;
  while (end > start && all.charCodeAt(end - 1) === DIGIT_0) end--;
  const exponent = Number(power) - fraction.length + (all.length - end);
  return { digits: all.slice(start, end), exponent };
}

function shorten(literal: string): string {
  return literal.length <= 40 ? literal : `${literal.slice(0, 40)}…`;
}
