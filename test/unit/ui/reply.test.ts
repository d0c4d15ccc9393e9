/** What the page says of a call that did not succeed. */
import { describe, expect, test } from "bun:test";
import { explain } from "../../../src/ui/reply.ts";

function reply(status: number, body: Readonly<Record<string, unknown>> = {}) {
  return { status, ok: false, text: "", body, ms: 1 };
}

const SENTENCE = { message: "The node says why." };

describe("a write", () => {
  test.each([
    [503, { ...SENTENCE, outcome: "refused" }, "refused: Refused. The node says why."],
    [504, { ...SENTENCE, outcome: "indeterminate" }, "uncertain: Not certain. The node says why."],
    [500, {}, "failed: It did not work. The server answered with status 500."],
  ])("answered %p %j is told as %p", (status, body, expected) => {
    const { kind, title, sentence } = explain(reply(status, body), { isWrite: true });
    expect(`${kind}: ${title}. ${sentence}`).toBe(expected);
  });

  test("without an answer is not called failed, since it may have been applied", () => {
    const { kind, sentence } = explain(reply(0), { isWrite: true });
    expect(kind).toBe("uncertain");
    expect(sentence).toContain("may or may not have been applied");
  });
});

describe("a read", () => {
  test("of a key that there is not is told from one that failed", () => {
    const missing = reply(404, { error: "not_found", message: "There is no such key." });
    expect(explain(missing, { isWrite: false }).title).toBe("Not found");
    expect(explain(reply(503, SENTENCE), { isWrite: false }).title).toBe("It did not work");
  });

  test("without an answer has certainly changed nothing", () => {
    expect(explain(reply(0), { isWrite: false }).kind).toBe("failed");
  });
});
