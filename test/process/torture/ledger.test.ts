import { describe, expect, test } from "bun:test";
import type { Operation } from "../../linearizability/history.ts";
import { Ledger } from "./ledger.ts";

type Told = readonly [outcome: Operation["outcome"], value: string | undefined, version?: string];

function ledgerOf(...told: readonly Told[]): Ledger {
  const ledger = new Ledger();
  for (const [outcome, value, version] of told) {
    const kind = value === undefined ? "delete" : "write";
    const operation = { client: 0, key: "k", kind, value, outcome, invokedAtMs: 0 } as const;
    const body = version === undefined ? "" : JSON.stringify({ version });
    ledger.note({ ...operation, returnedAtMs: 1 }, body);
  }
  return ledger;
}

const ABSENT = undefined;

describe("the ledger", () => {
  const finding = (
    told: readonly Told[],
    standing: readonly [value: string | undefined, version?: string],
  ) => ledgerOf(...told).judge("k", { value: standing[0], version: standing[1] })?.finding;

  test("is content with the last acknowledged write, also under a later version", () => {
    const told: Told[] = [
      ["ok", "1", "1.1"],
      ["ok", "2", "1.2"],
    ];
    expect(finding(told, ["2", "1.2"])).toBeUndefined();
    expect(finding(told, ["2", "3.7"])).toBeUndefined();
  });

  test("misses an acknowledged write that is gone, old again, or under an older version", () => {
    const told: Told[] = [
      ["ok", "2", "1.10"],
      ["ok", "1", "1.9"],
    ];
    expect(finding(told, [ABSENT])).toBe("lost");
    expect(finding(told, ["1", "2.11"])).toBe("lost");
    expect(finding(told, ["2", "1.9"])).toBe("lost");
  });

  test("misses an acknowledged delete", () => {
    const told: Told[] = [
      ["ok", "1", "1.1"],
      ["ok", ABSENT, "1.2"],
    ];
    expect(finding(told, ["1", "2.3"])).toBe("lost");
    expect(finding(told, [ABSENT, "1.2"])).toBeUndefined();
    expect(finding(told, [ABSENT])).toBeUndefined();
  });

  test("takes an indeterminate write for what may stand there, unless its version is older", () => {
    expect(
      finding(
        [
          ["ok", "1", "1.5"],
          ["unknown", "2"],
        ],
        ["2", "1.6"],
      ),
    ).toBeUndefined();
    expect(
      finding(
        [
          ["ok", "1", "1.5"],
          ["unknown", "2", "1.6"],
        ],
        ["2", "2.9"],
      ),
    ).toBeUndefined();
    expect(
      finding(
        [
          ["ok", "1", "1.5"],
          ["unknown", "2", "1.6"],
        ],
        ["1", "1.5"],
      ),
    ).toBeUndefined();
    expect(
      finding(
        [
          ["ok", "1", "1.5"],
          ["unknown", "2", "1.4"],
        ],
        ["2", "2.9"],
      ),
    ).toBe("lost");
    expect(finding([["unknown", "2"]], ["2", "1.1"])).toBeUndefined();
    expect(finding([["unknown", "2"]], [ABSENT])).toBeUndefined();
  });

  test("sees a refused write, and one of nobody", () => {
    expect(finding([["refused", "1"]], ["1", "1.1"])).toBe("visible refused");
    expect(finding([["refused", "1"]], [ABSENT])).toBeUndefined();
    expect(finding([["refused", "1"]], ["7", "1.1"])).toBe("lost");
  });
});
