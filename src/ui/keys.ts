/** Keys in paths, and values as the text that they are stored as. */
import { elementTexts, memberTexts } from "../base/json-text.ts";

/** How what was typed as a value is taken: as `kvnode put` does it, or as it is told. */
export type TakenAs = "auto" | "text" | "json";

/** A value's JSON text, or why there is none. */
export type TakenValue = { readonly json: string } | { readonly problem: string };

/** The path of a key's calls below `base`, which is empty for the page's own node. */
export function pathOfKey(base: string, key: string, query = ""): string {
  // A path's dot segments are resolved before they are sent, also when they are escaped.
  if (key === "." || key === "..") return `${base}/kv/?key=${key}${query && `&${query}`}`;
  return `${base}/kv/${encodeURIComponent(key)}${query && `?${query}`}`;
}

/** Why a key can't be used, or undefined. */
export function problemOfKey(key: string): string | undefined {
  if (key === "") return "The key is empty: type one.";
  if (!key.isWellFormed()) return "The key is not valid Unicode.";
  return undefined;
}

/** Takes what was typed as JSON where it is JSON, else as a text. */
export function takeValue(typed: string, as: TakenAs): TakenValue {
  if (as === "text") return { json: JSON.stringify(typed) };
  const problem = whyNotJson(typed);
  if (problem === undefined) return { json: typed.trim() };
  if (as === "json") return { problem: `This is not JSON: ${problem}.` };
  if (/^\s*[[{"]/.test(typed)) {
    return { problem: `This begins like JSON but is none (${problem}); or choose “Text”.` };
  }
  return { json: JSON.stringify(typed) };
}

/** What will be stored, in words: `the number 7`, `the text “hello”`, `an object`. */
export function describeValue({ json }: { readonly json: string }): string {
  const first = json[0] ?? "";
  if (first === "{") return "an object";
  if (first === "[") return "an array";
  if (first === '"') {
    const text = JSON.parse(json) as string;
    return text === "" ? "an empty text" : `the text “${shorten(text, 40)}”`;
  }
  if (json === "true" || json === "false" || json === "null") return json;
  return `the number ${shorten(json, 40)}`;
}

/** The value in an answer, digit by digit as it was written. */
export function valueIn(answerText: string): string {
  return memberTexts(answerText).get("value") ?? "";
}

/** One line of a list of keys. */
export interface ListItem {
  readonly key: string;
  /** JSON text. */
  readonly value: string;
  readonly version: string;
}

/** The items in the answer of `GET /kv`, their values digit by digit as they were written. */
export function itemsIn(answerText: string): ListItem[] {
  return elementTexts(memberTexts(answerText).get("items") ?? "[]").map((text) => {
    const { key, version } = JSON.parse(text) as { key: string; version: string };
    return { key, value: valueIn(text), version };
  });
}

/** At most so many characters, the last of them `…` where some are missing. */
export function shorten(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}

function whyNotJson(text: string): string | undefined {
  if (text.trim() === "") return "it is empty";
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^JSON Parse error: /, "").replace(/\.$/, "");
  }
}
