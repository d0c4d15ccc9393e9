/** What the commands make of what a person types, and how they show what a node says. */
import { describe, expect, test } from "bun:test";
import { parseNode } from "../../src/cli/client-options.ts";
import { showLogLine } from "../../src/cli/local-cluster/log-lines.ts";
import { pathOfKey } from "../../src/cli/node-client.ts";
import { printable, showKey } from "../../src/cli/output.ts";
import { toJsonText } from "../../src/cli/put.ts";

describe("a value on the command line", () => {
  test.each([
    ["7", "7"],
    ["1.10", "1.10"],
    [" [1, 2] ", "[1, 2]"],
    ["null", "null"],
    ['"text"', '"text"'],
    ["hello", '"hello"'],
    ["hello world", '"hello world"'],
    ["01234", '"01234"'],
    ["", '""'],
    ["NaN", '"NaN"'],
  ])("%p is stored as %p", (typed, text) => {
    expect(toJsonText(typed, {})).toBe(text);
  });

  test("is a text when the person says so", () => {
    expect(toJsonText("7", { string: true })).toBe('"7"');
    expect(toJsonText('{"a"', { string: true })).toBe('"{\\"a\\""');
  });

  test.each(['{"a":1', "[1,", '"open', " {a:1}"])(
    "%p looks like broken JSON and is refused",
    (typed) => {
      expect(() => toJsonText(typed, {})).toThrow("The value is not JSON");
    },
  );

  test("must be JSON when the person says so", () => {
    expect(() => toJsonText("hello", { jsonValue: true })).toThrow("The value is not JSON");
    expect(toJsonText("7", { jsonValue: true })).toBe("7");
    expect(() => toJsonText("7", { jsonValue: true, string: true })).toThrow("exclude each other");
  });
});

describe("a key on the command line", () => {
  test.each([
    ["a/b c", "/kv/a%2Fb%20c"],
    ["100%", "/kv/100%25"],
    ["a/../b", "/kv/a%2F..%2Fb"],
    ["..", "/kv/?key=.."],
    [".", "/kv/?key=."],
    ["...", "/kv/..."],
    ["😀", "/kv/%F0%9F%98%80"],
    ["?key=x#y", "/kv/%3Fkey%3Dx%23y"],
  ])("%p goes to %p", (key, path) => {
    expect(pathOfKey(key)).toBe(path);
  });

  test("is refused when it is empty", () => {
    expect(() => pathOfKey("")).toThrow("The key is empty.");
  });
});

describe("a node's address on the command line", () => {
  test.each([
    ["127.0.0.1:5000", "http://127.0.0.1:5000"],
    ["http://leader:5000/", "http://leader:5000"],
    ["https://kv.example.org/base/", "https://kv.example.org/base"],
  ])("%p is %p", (text, url) => {
    expect(parseNode(text)).toBe(url);
  });

  test.each(["ftp://leader:5000", "http://leader:5000/?x=1", "", "two words", "leader:99999"])(
    "%p is refused",
    (text) => {
      expect(() => parseNode(text)).toThrow("Allowed is a node's URL");
    },
  );
});

describe("what is shown", () => {
  test("can't command the terminal", () => {
    expect(printable("a\u001b[31mb\u009bc")).toBe("a\\u001b[31mb\\u009bc");
    expect(printable("line\nnext\ttab")).toBe("line\nnext\ttab");
  });

  test("puts a key into quotes only where it would not be seen for what it is", () => {
    expect(["a/b", "a b", " a", "", "a\nb", '"q"', "é😀"].map(showKey)).toEqual([
      "a/b",
      "a b",
      '" a"',
      '""',
      '"a\\nb"',
      '"\\"q\\""',
      "é😀",
    ]);
  });
});

describe("a node's log line in the cluster's output", () => {
  const warning = '{"level":"warn","time":1,"event":"leader.lost","reason":"closed by it"}';

  test("names the node and says the fields", () => {
    const line = 'follower2 | warn leader.lost reason="closed by it"';
    expect(showLogLine("follower2", warning, "warnings")).toBe(line);
  });

  test("is left out below a warning unless everything is wanted", () => {
    const info = warning.replace("warn", "info");
    expect(showLogLine("leader", info, "warnings")).toBeUndefined();
    expect(showLogLine("leader", warning, "errors")).toBeUndefined();
    expect(showLogLine("leader", info, "everything")).toContain("info leader.lost");
  });

  test("knows levels by number", () => {
    expect(showLogLine("leader", '{"level":30,"msg":"x"}', "warnings")).toBeUndefined();
    expect(showLogLine("leader", '{"level":50,"msg":"x"}', "warnings")).toBe("leader | error x");
  });

  test("is coloured on a terminal, and what the node says can't colour it", async () => {
    // Whether there is a terminal is asked once, when the module is loaded: hence a process.
    const program = `
      process.stdout.isTTY = true;
      const { showLogLine } = await import("./src/cli/local-cluster/log-lines.ts");
      const line = JSON.stringify({ level: 40, msg: "said \\u001b[31mred" });
      process.stdout.write(showLogLine("leader", line, "warnings"));`;
    const env = { ...process.env, NO_COLOR: "", TERM: "xterm" };
    const { stdout } = Bun.spawn([process.execPath, "-e", program], { env });
    expect(await new Response(stdout).text()).toBe(
      "\u001b[2mleader |\u001b[22m \u001b[33mwarn\u001b[39m said \\u001b[31mred",
    );
  });

  test("can't colour its level either", () => {
    const line = JSON.stringify({ level: "\u001b[2J", msg: "x" });
    expect(showLogLine("leader", line, "everything")).toBe("leader | \\u001b[2J x");
  });

  test("is shown as it is when it is no JSON", () => {
    expect(showLogLine("leader", "kvnode: no", "warnings")).toBe("leader | kvnode: no");
    expect(showLogLine("leader", "{broken", "warnings")).toBe("leader | {broken");
  });
});
