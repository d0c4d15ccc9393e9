/** Settings of any text, in the reader itself and in whole processes. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { runKvnode } from "../support/kvnode-process.ts";
import { arbitrarySettings, checkLine, refusalOf } from "./settings-property.ts";

test("whatever the settings are, they are understood or refused in one line", () => {
  const property = fc.property(arbitrarySettings, (given) => {
    refusalOf(given);
  });
  fc.assert(property, { numRuns: 5_000 });
});

test("a process that is started with wrong settings says so in one line and ends", async () => {
  const refused = fc
    .sample(arbitrarySettings, 200)
    .filter(({ env, flags }) => {
      const texts = Object.values(env).join("");
      return !texts.includes("\0") && refusalOf({ env, flags }) !== undefined;
    })
    .slice(0, 4);
  expect(refused.length).toBe(4);
  for (const { env } of refused) {
    if (refusalOf({ env, flags: {} }) === undefined) continue;
    const { code, stdout, stderr } = await runKvnode(["serve"], { env });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toStartWith("kvnode: ");
    expect(stderr.split("\n").length).toBe(2);
    checkLine(stderr.slice("kvnode: ".length).trimEnd());
  }
});
