/** `kvnode list`: keys and values in key order. */
import type { Command } from "commander";
import { memberTexts } from "../base/json-text.ts";
import { addClientOptions, type ClientOptions, clientOf, parseCount } from "./client-options.ts";
import { type NodeClient, refusal, requestKeys } from "./node-client.ts";
import { count, printable, printLine, printNote, printTable, showKey } from "./output.ts";

interface ListOptions extends ClientOptions {
  readonly prefix: string;
  readonly after?: string;
  readonly limit: number;
  readonly all?: boolean;
}

interface Item {
  readonly key: string;
  readonly value: unknown;
  readonly version: string;
}

interface Page {
  readonly items: readonly Item[];
  /** The items' own JSON text without the brackets around them: values as they were written. */
  readonly itemsText: string;
  readonly next: string | null;
}

const VALUE_CHARACTERS_SHOWN = 80;

/** Adds the command to the program. */
export function addList(program: Command): void {
  const command = program
    .command("list")
    .summary("list keys and values")
    .description("Lists what a node holds, in key order, a page at a time.")
    .option("--prefix <text>", "only keys that begin so", "")
    .option("--after <key>", "only keys behind this one (the next page)")
    .option("--limit <count>", "keys on a page", parseCount(1, 1000), 100)
    .option("--all", "every page")
    .action(list);
  addClientOptions(command, [
    "kvnode list",
    "kvnode list --prefix user/ --limit 20",
    "kvnode list --all --json",
  ]);
}

async function list(options: ListOptions): Promise<void> {
  const client = clientOf(options);
  const pages: Page[] = [];
  let after: string | null = options.after ?? null;
  do {
    const page = await readPage(client, options, after);
    pages.push(page);
    after = page.next;
  } while (options.all && after !== null);
  if (options.json) {
    const texts = pages.map(({ itemsText }) => itemsText).filter((text) => text !== "");
    return printLine(`{"items":[${texts.join(",")}],"next":${JSON.stringify(after)}}`);
  }
  const items = pages.flatMap((page) => page.items);
  if (items.length > 0) printTable(["KEY", "VERSION", "VALUE"], items.map(rowOf));
  const more = after === null ? "" : `; more: --after ${showKey(after)} or --all`;
  printNote(`${count(items.length, "key")}${more}`);
}

async function readPage(
  client: NodeClient,
  options: ListOptions,
  after: string | null,
): Promise<Page> {
  const query = new URLSearchParams({ limit: String(options.limit) });
  if (options.prefix !== "") query.set("prefix", options.prefix);
  if (after !== null) query.set("after", after);
  const reply = await requestKeys(client, { path: `/kv?${query}` });
  if (!reply.ok) throw refusal(reply);
  const { items, next } = reply.body as { items: readonly Item[]; next: string | null };
  const itemsText = memberTexts(reply.text).get("items") ?? "[]";
  return { items, next, itemsText: itemsText.slice(1, -1).trim() };
}

function rowOf({ key, value, version }: Item): string[] {
  const text = JSON.stringify(value);
  const long = text.length > VALUE_CHARACTERS_SHOWN;
  const shown = long ? `${text.slice(0, VALUE_CHARACTERS_SHOWN)}…` : text;
  return [showKey(key), version, printable(shown)];
}
