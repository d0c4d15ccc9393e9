/** Keys in paths, and what was typed as a value. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { describeValue, itemsIn, pathOfKey, takeValue, valueIn } from "../../../src/ui/keys.ts";

describe("a key's path", () => {
  test.each([
    ["", "a/b", "", "/kv/a%2Fb"],
    ["", "a/../b", "", "/kv/a%2F..%2Fb"],
    ["", "..", "", "/kv/?key=.."],
    ["/via/w1", ".", "level=local", "/via/w1/kv/?key=.&level=local"],
    ["/via/w1", "100 %", "level=local", "/via/w1/kv/100%20%25?level=local"],
  ])("below %p, of the key %p with %p is %p", (base, key, query, path) => {
    expect(pathOfKey(base, key, query)).toBe(path);
  });

  test("leads to that key again, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (key) => {
        const url = new URL(pathOfKey("", key), "http://node");
        const named = url.searchParams.get("key");
        expect(named ?? decodeURIComponent(url.pathname.slice("/kv/".length))).toBe(key);
      }),
    );
  });
});

describe("what was typed", () => {
  test.each([
    ["7", "auto", { json: "7" }, "the number 7"],
    [" true ", "auto", { json: "true" }, "true"],
    ["hello", "auto", { json: '"hello"' }, "the text “hello”"],
    ['"hello"', "auto", { json: '"hello"' }, "the text “hello”"],
    ['{"b":1.10}', "auto", { json: '{"b":1.10}' }, "an object"],
    ["[1]", "json", { json: "[1]" }, "an array"],
    ["7", "text", { json: '"7"' }, "the text “7”"],
    ["", "text", { json: '""' }, "an empty text"],
    ["", "auto", { json: '""' }, "an empty text"],
  ] as const)("%p as %p is stored as %j: %p", (typed, as, taken, words) => {
    expect(takeValue(typed, as)).toEqual(taken);
    expect(describeValue(taken)).toBe(words);
  });

  test.each([
    ['{"a":', "auto"],
    ["[1,", "auto"],
    ["hello", "json"],
    ["", "json"],
  ] as const)("%p as %p is refused with a reason", (typed, as) => {
    expect(takeValue(typed, as)).toEqual({ problem: expect.stringMatching(/JSON.*\w/) });
  });
});

test("a value is shown digit by digit, as it was written", () => {
  const entry = '{"key":"a","value":{"b":1.10,"1":-0},"version":"1.2"}';
  expect(valueIn(entry)).toBe('{"b":1.10,"1":-0}');
  expect(itemsIn(`{"items":[${entry}],"next":null}`)).toEqual([
    { key: "a", value: '{"b":1.10,"1":-0}', version: "1.2" },
  ]);
});
