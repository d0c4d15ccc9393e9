/**
 * What the page shows, as plain data: elements with attributes and children. Views make it without
 * a browser, `patch` (patch.ts) brings a document to it. A text is always a text and never markup.
 */

/** One element; equal keys among brothers mean the same thing at another time. */
export interface TreeElement {
  readonly tag: string;
  readonly key: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Tree[];
}

export type Tree = TreeElement | string;

/** What may stand where a child does; `false` and `undefined` stand for nothing. */
export type Child = Tree | number | false | undefined | readonly Child[];

type AttributeValue = string | number | boolean | undefined;

/** Makes an element; attributes that are `false` or `undefined` are left out. */
export function h(
  tag: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
  ...children: readonly Child[]
): TreeElement {
  const { key, ...others } = attributes;
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(others)) {
    if (value === undefined || value === false) continue;
    kept[name] = value === true ? "" : String(value);
  }
  return {
    tag,
    key: key === undefined ? undefined : String(key),
    attributes: kept,
    children: flatten(children),
  };
}

/** Children without those that stand for nothing, and without nesting. */
export function flatten(children: readonly Child[]): Tree[] {
  return children.flatMap((child): Tree[] => {
    if (child === false || child === undefined) return [];
    if (typeof child === "number") return [String(child)];
    if (typeof child === "string") return child === "" ? [] : [child];
    if ("tag" in child) return [child];
    return flatten(child);
  });
}

/** All text in a tree, as a reader would hear it; parts of different elements get a space. */
export function textOf(tree: Tree | readonly Tree[]): string {
  if (typeof tree === "string") return tree;
  const parts = "tag" in tree ? tree.children : tree;
  return parts
    .map((part) => textOf(part))
    .join(" ")
    .replace(/\s+/g, " ")
    .trim();
}

/** Every element of a tree, itself included, for which the predicate holds. */
export function findAll(
  tree: Tree | readonly Tree[],
  predicate: (element: TreeElement) => boolean,
): TreeElement[] {
  if (typeof tree === "string") return [];
  if ("tag" in tree) {
    const inside = findAll(tree.children, predicate);
    return predicate(tree) ? [tree, ...inside] : inside;
  }
  return tree.flatMap((part) => findAll(part, predicate));
}
