/**
 * Brings the document to a tree and touches nothing that is as it should be: what a person typed,
 * opened or focused stays, also while the page refreshes itself every second.
 */
import type { Tree, TreeElement } from "./tree.ts";

const SVG = "http://www.w3.org/2000/svg";

/** What each element was brought to last; what a person changed since is not in here. */
const shown = new WeakMap<Element, TreeElement>();

/** Makes these trees the children of the element. */
export function patch(parent: Element, trees: readonly Tree[]): void {
  const nodes = reuse(parent, trees);
  const wanted = new Set<Node>(nodes);
  for (const node of [...parent.childNodes]) {
    if (!wanted.has(node)) node.remove();
  }
  for (const [index, node] of nodes.entries()) {
    const standing = parent.childNodes[index] ?? null;
    if (standing !== node) parent.insertBefore(node, standing);
  }
}

/** For each tree its node: one that stands there already, or a new one. */
function reuse(parent: Element, trees: readonly Tree[]): Node[] {
  const keyed = new Map<string, Element>();
  const others: Node[] = [];
  for (const node of parent.childNodes) {
    const tree = node instanceof Element ? shown.get(node) : undefined;
    if (tree?.key === undefined) others.push(node);
    else keyed.set(tree.key, node as Element);
  }
  let next = 0;
  const takeLike = (tree: Tree): Node | undefined => {
    const found = others.findIndex((node, index) => index >= next && isLike(node, tree));
    if (found < 0) return undefined;
    next = found + 1;
    return others[found];
  };
  return trees.map((tree) => {
    if (typeof tree === "string") return textNode(takeLike(tree), tree);
    const known = tree.key === undefined ? takeLike(tree) : keyed.get(tree.key);
    const same = known instanceof Element && shown.get(known)?.tag === tree.tag ? known : undefined;
    return bring(same ?? create(tree.tag, parent), tree);
  });
}

function isLike(node: Node, tree: Tree): boolean {
  if (typeof tree === "string") return node instanceof Text;
  return node instanceof Element && shown.get(node)?.tag === tree.tag;
}

function textNode(known: Node | undefined, text: string): Node {
  if (known === undefined) return document.createTextNode(text);
  if (known.nodeValue !== text) known.nodeValue = text;
  return known;
}

function create(tag: string, parent: Element): Element {
  const inSvg = tag === "svg" || parent.namespaceURI === SVG;
  return inSvg ? document.createElementNS(SVG, tag) : document.createElement(tag);
}

function bring(element: Element, tree: TreeElement): Element {
  const before = shown.get(element);
  if (before === tree) return element;
  for (const name of Object.keys(before?.attributes ?? {})) {
    if (!(name in tree.attributes)) element.removeAttribute(name);
  }
  for (const [name, value] of Object.entries(tree.attributes)) {
    if (before?.attributes[name] !== value) element.setAttribute(name, value);
  }
  shown.set(element, tree);
  patch(element, tree.children);
  return element;
}
