/**
 * The page of guarantees: each sentence is held by a test, and each test that it names is there.
 */
import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MISFORTUNES } from "../simulation/misfortunes/names.ts";
import { MISFORTUNES as CLUSTER_MISFORTUNES } from "../simulation/partitioned/misfortunes/names.ts";
import { RULES } from "../simulation/truth/violation.ts";
import { hasTest, testNamesIn } from "./test-names.ts";

const ROOT = join(import.meta.dir, "../..");
const PAGE = readFileSync(join(ROOT, "docs/guarantees.md"), "utf8");
/** What is promised stands between these two. */
const PROMISES = PAGE.split("\n## A write's answer\n")[1]?.split("\n## What is not promised\n")[0];

const NOTE = /^\[\^([a-z0-9-]+)\]: `([^`]+)` › (.+)$/;
/** Of a simulator, which rule of its many, or which misfortune is survived. */
const WITH_PART = /^(.+), (?:rule|misfortune) `([a-zA-Z]+)`$/;

/** The rules, and the misfortunes of a group or of a cluster, whichever this file is about. */
function partsOf(file: string): string[] {
  const misfortunes = file.includes("/partitioned/") ? CLUSTER_MISFORTUNES : MISFORTUNES;
  return [...Object.keys(RULES), ...Object.keys(misfortunes)];
}

interface Reference {
  readonly note: string;
  readonly file: string;
  readonly name: string;
  readonly part: string | undefined;
}

const references = PAGE.split("\n").flatMap((line): Reference[] => {
  const [, note = "", file = "", rest = ""] = NOTE.exec(line) ?? [];
  const [, name = rest, part] = WITH_PART.exec(rest) ?? [];
  return note === "" ? [] : [{ note, file, name, part }];
});

/** Sentences with the notes behind them; what is in backticks or a table has no sentences. */
function sentencesOf(text: string): string[] {
  const items = text.split(/\n\n|\n(?=- )/).filter((item) => !/^\s*[#|]/.test(item));
  return items.flatMap((item) => {
    const plain = item
      .replaceAll(/`[^`]*`/g, "X")
      .replaceAll(/\s+/g, " ")
      .trim();
    return plain.split(/(?<=[.:](?:\[\^[a-z0-9-]+\])*) (?=[A-Z*])/).filter(Boolean);
  });
}

describe("the page of guarantees", () => {
  test("names tests that are there", () => {
    expect(references.length).toBeGreaterThan(40);
    const missing = references.filter(({ file, name, part }) => {
      const path = join(ROOT, file);
      const isThere = existsSync(path) && hasTest(readFileSync(path, "utf8"), name);
      return !isThere || (part !== undefined && !partsOf(file).includes(part));
    });
    expect(missing).toEqual([]);
  });

  test("has a test behind each sentence of what is promised", () => {
    const sentences = sentencesOf(PROMISES ?? "");
    expect(sentences.length).toBeGreaterThan(40);
    expect(sentences.filter((sentence) => !/\[\^[a-z0-9-]+\]$/.test(sentence))).toEqual([]);
  });

  test("has each of its notes once, and uses it", () => {
    const notes = references.map(({ note }) => note);
    expect(notes).toEqual([...new Set(notes)]);
    const used = [...PAGE.matchAll(/\[\^([a-z0-9-]+)\](?!:)/g)].map(([, note]) => note as string);
    expect([...new Set(used)].toSorted()).toEqual(notes.toSorted());
  });
});

describe("the names of tests", () => {
  const source = [
    'const table = [["is closed twice"]];',
    'describe("a store", () => {',
    '  test("keeps what it is given", () => {});',
    `  test.each([1, 2])(\`keeps \${many} keys, %s\`, () => {});`,
    '  test.each(table)("%s", () => {});',
    '  describe.if(disk)("on disk", () => { test("keeps more", () => {}); });',
    "});",
  ].join("\n");

  test("are read with what they stand in", () => {
    expect(testNamesIn(source)).toEqual([
      "a store › keeps what it is given",
      `a store › keeps \${many} keys, %s`,
      "a store › %s",
      "a store › on disk › keeps more",
    ]);
  });

  test("are known as the source has them and as a run prints them, and no others", () => {
    const known = ["keeps what it is given", "keeps 12 keys, twice", "is closed twice"];
    expect(known.filter((name) => !hasTest(source, `a store › ${name}`))).toEqual([]);
    const unknown = ["keeps 12 keys", "keeps", "is closed", "%s keeps more"];
    expect(unknown.filter((name) => hasTest(source, `a store › ${name}`))).toEqual([]);
    expect(hasTest(source, "keeps more")).toBe(false);
  });
});
