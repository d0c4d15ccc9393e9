/** What the README says must be what the code says. */
import { expect, test } from "bun:test";
import { resolve } from "node:path";
import { settingsTable } from "../../src/config/table.ts";

const README = await Bun.file(resolve(import.meta.dir, "../../README.md")).text();
const LINES = README.split("\n");

test("the README's table of settings is the one that the settings make", () => {
  const table = README.split(/<!-- (?:settings:|end of settings).*-->/)[1];
  expect(table?.trim()).toBe(settingsTable().trim());
});

test("the first command stands by line 27, and something is broken before line 45", () => {
  const firstCommand = LINES.findIndex((line) => line.startsWith("```sh")) + 2;
  const firstFault = LINES.findIndex((line) => line.startsWith("pkill")) + 1;
  expect(firstCommand).toBeGreaterThan(1);
  expect(firstCommand).toBeLessThanOrEqual(27);
  expect(firstFault).toBeGreaterThan(0);
  expect(firstFault).toBeLessThan(45);
});

test("every file that the README shows or links to is there", async () => {
  const links = [...README.matchAll(/\]\(([^)#]+)\)/g)].map(([, link]) => link as string);
  const files = links.filter((link) => !link.startsWith("http"));
  expect(files.length).toBeGreaterThan(3);
  for (const file of files) {
    const path = resolve(import.meta.dir, "../..", file);
    expect({ file, exists: await Bun.file(path).exists() }).toEqual({ file, exists: true });
  }
});
