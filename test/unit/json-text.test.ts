import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  findUnkeepable,
  isKeptByDouble,
  MAX_NESTING,
  memberTexts,
} from "../../src/base/json-text.ts";

describe("a number is kept when a reader with doubles gets what was written", () => {
  const kept = [
    "0",
    "-0",
    "1.0",
    "-1.50",
    "9007199254740991",
    "9007199254740992",
    "-9007199254740992.000",
    "1e21",
    "1e23",
    "1.7976931348623157e308",
    "5e-324",
    "0e999999999999999999999",
    "0.000",
    "0.1",
    "3.14159265358979323846264338327950288",
    "590295810358705651712",
    "590295810358705700000",
    `1${"0".repeat(22)}`,
  ];
  for (const literal of kept) {
    test(`${literal} is kept`, () => expect(isKeptByDouble(literal)).toBe(true));
  }

  const lost = [
    "9007199254740993",
    "-9007199254740993",
    "9007199254740993.0",
    "9.007199254740993e15",
    "9007199254740993001",
    "18446744073709551615",
    "123456789012345678901234567890",
    "1e309",
    "1e400",
    "-1E+400",
    "1e-400",
    "-0.1e-400",
    `0.${"0".repeat(400)}1`,
    "1".repeat(100_000),
  ];
  for (const literal of lost) {
    test(`${literal.slice(0, 40)} is refused`, () => expect(isKeptByDouble(literal)).toBe(false));
  }

  test("every double is kept as JSON prints it", () => {
    const doubles = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(fc.property(doubles, (number) => isKeptByDouble(JSON.stringify(number))));
  });

  test("a whole number is kept exactly when it survives the way through a double and back", () => {
    const wholes = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n });
    fc.assert(
      fc.property(wholes, (whole) => {
        const double = Number(whole);
        const survives = BigInt(double) === whole || String(double) === String(whole);
        expect(isKeptByDouble(String(whole))).toBe(survives);
      }),
    );
  });
});

describe("a value's text", () => {
  test("may hold digits and brackets in strings and names, however many", () => {
    const text = JSON.stringify({
      "9007199254740993": '9007199254740993 1e400 \\" " 18446744073709551615',
      brackets: '[{"'.repeat(2000),
    });
    expect(findUnkeepable(text)).toBeUndefined();
  });

  test("is refused for a lost number wherever it stands", () => {
    for (const text of [
      "1e400",
      '{"a":[1,{"b":1e400}]}',
      "[ 1e400 ]",
      '["1",9007199254740993,2]',
    ]) {
      expect(findUnkeepable(text)).toContain("is lost in a 64-bit float");
    }
  });

  test(`may nest ${MAX_NESTING} deep and no deeper`, () => {
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    expect(findUnkeepable(nested(MAX_NESTING))).toBeUndefined();
    expect(findUnkeepable(nested(MAX_NESTING + 1))).toContain("nests deeper");
    const wide = `[${Array.from({ length: 2000 }, () => '{"a":[]}').join(",")}]`;
    expect(findUnkeepable(wide)).toBeUndefined();
  });

  test("is never refused when its numbers are doubles and it is not deep", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        expect(findUnkeepable(text)).toBeUndefined();
      }),
    );
  });
});

describe("the members of an object", () => {
  test("come as the text that was written", () => {
    const members = memberTexts(' { "a" : 1.0 ,"b":\t{"c": [1, 2]} , "\\u0063":"}," }\n');
    expect([...members]).toEqual([
      ["a", "1.0"],
      ["b", '{"c": [1, 2]}'],
      ["c", '"},"'],
    ]);
  });

  test("of an empty object are none, and of a repeated name the last counts", () => {
    expect([...memberTexts(" { } ")]).toEqual([]);
    expect([...memberTexts('{"a":1,"a":2}')]).toEqual([["a", "2"]]);
  });

  test("parse to what the whole object parses to", () => {
    const objects = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 2 }));
    const spaces = fc.constantFrom(0, 1, "\t", 4);
    fc.assert(
      fc.property(objects, spaces, (object, space) => {
        const text = JSON.stringify(object, null, space);
        const parsed = JSON.parse(text) as Record<string, unknown>;
        const members = memberTexts(text);
        expect([...members.keys()].sort()).toEqual(Object.keys(parsed).sort());
        for (const [name, member] of members) {
          expect(JSON.parse(member)).toEqual(parsed[name] as never);
          expect(text).toContain(member);
        }
      }),
    );
  });
});
