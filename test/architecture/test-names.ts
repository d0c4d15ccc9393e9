/** The names of the tests in a file of tests, read from its source without running it. */
import ts from "typescript";

/** What stands for something that only the run knows: `${SEEDS}`, `%s`, `$name`. */
const PLACEHOLDER = /\$\{[^}]*\}|%[a-z#]|\$[a-zA-Z]\w*/g;

const read = new Map<string, readonly string[]>();

/** Each test's name behind those of what it stands in: `describe › test`, as the source has it. */
export function testNamesIn(source: string): readonly string[] {
  const known = read.get(source);
  if (known !== undefined) {
    return known;
  }
  const names: string[] = [];
  const visit = (node: ts.Node, around: readonly string[]): void => {
    const called = ts.isCallExpression(node) ? titleOf(node) : undefined;
    if (called === undefined) {
      ts.forEachChild(node, (child) => visit(child, around));
      return;
    }
    const path = [...around, called.title];
    if (called.kind === "test") {
      names.push(path.join(" › "));
    }
    ts.forEachChild(node, (child) => visit(child, path));
  };
  visit(ts.createSourceFile("tests.ts", source, ts.ScriptTarget.Latest, true), []);
  read.set(source, names);
  return names;
}

/** Has this source a test of that name, as it stands there or as a run prints it? */
export function hasTest(source: string, name: string): boolean {
  return testNamesIn(source).some((pattern) => {
    const parts = pattern.split(PLACEHOLDER);
    const isPrinted = new RegExp(`^${parts.map(escaped).join(".+")}$`).test(name);
    return pattern === name || (isPrinted && (hasWords(pattern) || source.includes(rowOf(name))));
  });
}

/** False where the test's own part is nothing but a placeholder: that would be any name. */
function hasWords(pattern: string): boolean {
  return /\w{3}/.test(lastOf(pattern).replaceAll(PLACEHOLDER, ""));
}

/** How the name stands in a table of cases. */
function rowOf(name: string): string {
  return `"${lastOf(name)}"`;
}

function lastOf(name: string): string {
  return name.split(" › ").at(-1) ?? "";
}

function titleOf(
  call: ts.CallExpression,
): { kind: "test" | "describe"; title: string } | undefined {
  const kind = rootOf(call.expression);
  const [first] = call.arguments;
  if ((kind !== "test" && kind !== "describe") || first === undefined) {
    return undefined;
  }
  if (ts.isStringLiteralLike(first)) {
    return { kind, title: first.text };
  }
  return ts.isTemplateExpression(first) ? { kind, title: first.getText().slice(1, -1) } : undefined;
}

/** `test` of `test(…)`, `test.each(…)(…)`, `test.concurrent.each(…)(…)`. */
function rootOf(expression: ts.Expression): string | undefined {
  if (ts.isIdentifier(expression)) {
    return expression.text;
  }
  return ts.isPropertyAccessExpression(expression) || ts.isCallExpression(expression)
    ? rootOf(expression.expression)
    : undefined;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
