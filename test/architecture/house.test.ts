/** The rules of the house that neither the linter nor the dependency checker can see. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { RUNTIME_ENVIRONMENT } from "../../src/base/runtime-environment.ts";

const ROOT = join(import.meta.dir, "../..");
const COLUMNS = 100;

/** What stands at the top; a new file there is a decision, and goes into this list. */
const TOP_LEVEL = [
  ...[".ci", ".github", ".vscode", "bench", "docs", "scripts", "src", "test"],
  ...[".dependency-cruiser.cjs", ".dockerignore", ".editorconfig", ".gitignore", "biome.jsonc"],
  ...["bunfig.toml", "Dockerfile", "docker-compose.yml", "docker-compose.partitioned.yml"],
  ...["package.json", "package-lock.json"],
  ...["tsconfig.json", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md"],
];

/** Ways out of a pure function that are no name of their own, so that the linter lets them pass. */
const IMPURE = /\bMath\s*\.\s*random\b|\bimport\.meta\b|\bimport\s*\(|\brequire\s*\(/;

function filesIn(folder: string, pattern = "**/*.{ts,mjs,cjs}"): string[] {
  return [...new Bun.Glob(pattern).scanSync(join(ROOT, folder))].map((name) => join(folder, name));
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** Every `file:line: text` whose line the predicate picks, without comments where asked. */
function linesWhere(files: string[], picks: (line: string) => boolean, withComments = true) {
  return files.flatMap((file) => {
    const text = withComments ? read(file) : withoutComments(read(file));
    return text.split("\n").flatMap((line, index) => {
      return picks(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [];
    });
  });
}

function withoutComments(text: string): string {
  const blank = (comment: string) => comment.replace(/[^\n]/g, " ");
  return text.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(^|\s)\/\/.*/g, blank);
}

describe("the house", () => {
  test("core and node take randomness as an argument and load nothing by themselves", () => {
    const files = [...filesIn("src/core"), ...filesIn("src/node")];
    expect(linesWhere(files, (line) => IMPURE.test(line), false)).toEqual([]);
  });

  test("every file of the core opens with what it is for", () => {
    const silent = filesIn("src/core").filter((file) => !read(file).startsWith("/**"));
    expect(silent).toEqual([]);
  });

  test(`no line is longer than ${COLUMNS} columns`, () => {
    const files = ["src", "test", "bench", "scripts"].flatMap((folder) => filesIn(folder));
    expect(files.length).toBeGreaterThan(10);
    expect(linesWhere(files, (line) => [...line].length > COLUMNS)).toEqual([]);
  });

  test("the linter is switched off nowhere without a reason", () => {
    const files = ["src", "test", "bench", "scripts"].flatMap((folder) => filesIn(folder));
    const unexplained = /(biome-ignore(?!.*: \S+ \S+)|@ts-(ignore|nocheck|expect-error))(?!\()/;
    const others = files.filter((file) => !file.endsWith("house.test.ts"));
    expect(linesWhere(others, (line) => unexplained.test(line))).toEqual([]);
  });

  test("the top level holds what belongs there and nothing else", () => {
    const ignored = read(".gitignore").split("\n").filter(Boolean);
    const isIgnored = (name: string) =>
      name === ".git" || ignored.some((rule) => new Bun.Glob(rule.replace(/\/$/, "")).match(name));
    const found = readdirSync(ROOT).filter((name) => !isIgnored(name));
    expect(found.filter((name) => !TOP_LEVEL.includes(name))).toEqual([]);
  });

  test("the image is built with the Bun that package.json pins", () => {
    const { devDependencies } = JSON.parse(read("package.json"));
    expect(read("Dockerfile")).toContain(`FROM oven/bun:${devDependencies.bun} `);
  });

  test("the image sets what a node's allocator is to read", () => {
    for (const [name, text] of Object.entries(RUNTIME_ENVIRONMENT)) {
      expect(read("Dockerfile")).toContain(`\nENV ${name}=${text}\n`);
    }
  });

  test("the lock file names no registry", () => {
    expect(read("package-lock.json")).not.toMatch(/https?:[^"]*\.tgz/);
  });
});
