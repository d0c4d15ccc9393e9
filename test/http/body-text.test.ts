/** The text of a value in a body, which nearly every write is read by. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { KvError } from "../../src/base/errors.ts";
import { checkValue, onlyFields, parseFields, valueOfBody } from "../../src/http/body.ts";
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

test.each(["\u00a0", "\f", "\v", "\ufeff", "\u2028", "\u3000"])(
  "a body with a space that JSON does not know is refused: %j",
  async (space) => {
    for (const body of [
      `${space}{"value":1}`,
      `{${space}"value":1}`,
      `{"value"${space}:1}`,
      `{"value":${space}1}`,
      `{"value":1${space}}`,
      `{"value":1}${space}`,
    ]) {
      expect(await kvErrorOf(() => valueOfBody(body, 100))).toMatchObject({
        code: "invalid_request",
      });
    }
  },
);

/** What becomes of a body: the value's text, or the error's code and message. */
function outcomeOf(read: () => string): string {
  try {
    return `taken ${read()}`;
  } catch (error) {
    if (error instanceof KvError) return `${error.code} ${error.message}`;
    throw error;
  }
}

/** One step after the other, and nothing that is quicker for ordinary bodies. */
function readSlowly(text: string, maxValueBytes: number): string {
  const fields = parseFields(text);
  onlyFields(fields, ["value"]);
  const value = fields.get("value");
  if (value === undefined) return valueOfBody("{}", maxValueBytes);
  return checkValue(value, maxValueBytes);
}

const space = fc.constantFrom("", "", "", " ", "\n", "\t\r ", "\u00a0", "\f", "\ufeff");
const name = fc.constantFrom('"value"', '"value"', '"\\u0076alue"', '"valeu"', '"__proto__"', "");
const text = fc.oneof(
  fc.json(),
  fc.string({ unit: "binary", maxLength: 80 }).map((each) => JSON.stringify(each)),
  fc.string({ maxLength: 20 }).map((each) => `"${each}"`),
  fc.constantFrom("1e400", "12345678901234567890", "-0", "1e-400", "0.1e1", "01", "", '"\\ud800"'),
  fc.integer({ min: 510, max: 515 }).map((depth) => "[".repeat(depth) + "]".repeat(depth)),
);
const member = fc.tuple(space, name, space, fc.constantFrom(":", ":", ":", ","), space, text);
const body = fc
  .tuple(
    space,
    fc.array(
      member.map((parts) => parts.join("")),
      { maxLength: 3 },
    ),
    space,
    fc.constantFrom("}", "}", "}", "}}", "} x", "", "},"),
    space,
  )
  .map(([before, members, within, end, behind]) =>
    [before, "{", members.join(","), within, end, behind].join(""),
  );

test("every body gives what it gives when it is read slowly", () => {
  fc.assert(
    fc.property(body, fc.constantFrom(10, 60, 2_000), (each, maxValueBytes) => {
      const outcome = outcomeOf(() => valueOfBody(each, maxValueBytes));
      expect(outcome).toBe(outcomeOf(() => readSlowly(each, maxValueBytes)));
    }),
    { numRuns: 2_000 },
  );
});
