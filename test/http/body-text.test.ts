/** The text of a value in a body, which nearly every write is read by. */
import { expect, test } from "bun:test";
import { valueOfBody } from "../../src/http/body.ts";
import { kvErrorOf } from "../support/kv-error.ts";

const PLAIN = ['""', '"a"', '"a b~!"', '":}"', '"{1e999}"', '"12345678901234567890"'];

test.each(PLAIN)("a plain string is read as any other spelling of its body: %s", (value) => {
  for (const body of [`{"value":${value}}`, `{"value": ${value}}`, ` { "value" : ${value} } `]) {
    expect(valueOfBody(body, 100)).toBe(value);
  }
});

const NOT_PLAIN = ['"a"b"', '"a\\"', '"a\n"', '"a","value":"b"', '"\\x"', '"'];

test.each(NOT_PLAIN)(
  "what only looks like a plain string is looked at closely: %j",
  async (value) => {
    const body = `{"value":${value}}`;
    let parsed: { value: string } | undefined;
    try {
      parsed = JSON.parse(body);
    } catch {
      // No JSON: refused below.
    }
    if (parsed === undefined) {
      expect(await kvErrorOf(() => valueOfBody(body, 100))).toMatchObject({
        code: "invalid_request",
      });
    } else {
      expect(JSON.parse(valueOfBody(body, 100))).toBe(parsed.value);
    }
  },
);

test("a plain string has a longest length as everything has", async () => {
  expect(valueOfBody('{"value":"12"}', 4)).toBe('"12"');
  expect(await kvErrorOf(() => valueOfBody('{"value":"123"}', 4))).toMatchObject({
    code: "too_large",
  });
});
