import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compareVersions, formatVersion } from "../../../src/core/version.ts";

const version = fc.record({ epoch: fc.nat(5), sequence: fc.nat(5) });

describe("versions", () => {
  test.each([
    ["1.42", 1, 42],
    ["0.7", 0, 7],
    ["12.9007199254740991", 12, Number.MAX_SAFE_INTEGER],
  ])("are written as %s", (text, epoch, sequence) => {
    expect(formatVersion({ epoch, sequence })).toBe(text);
  });

  test.each([
    [[1, 9], [2, 1], -1],
    [[2, 1], [1, 9], 1],
    [[1, 2], [1, 10], -1],
    [[0, 99], [1, 1], -1],
    [[3, 4], [3, 4], 0],
  ] as const)("%j and %j compare as %i", ([epoch, sequence], [otherEpoch, otherSequence], sign) => {
    const other = { epoch: otherEpoch, sequence: otherSequence };
    expect(Math.sign(compareVersions({ epoch, sequence }, other))).toBe(sign);
  });

  test("are in one order, the same from both sides", () => {
    const property = fc.property(version, version, version, (a, b, c) => {
      expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0);
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
        expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      }
      const same = a.epoch === b.epoch && a.sequence === b.sequence;
      expect(compareVersions(a, b) === 0).toBe(same);
    });
    fc.assert(property);
  });
});
