/** A tree that becomes XML: text, element names to trees, or a list whose members become `<item>`s. */
export type XmlTree = string | number | readonly XmlTree[] | { readonly [element: string]: XmlTree | undefined };

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Writes the tree in EC2's manner; elements that are undefined are left out. */
export function toXml(tree: XmlTree): string {
  if (typeof tree === "number") return String(tree);
  if (typeof tree === "string") return tree.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
  if (isList(tree)) return tree.map((item) => `<item>${toXml(item)}</item>`).join("");
  return Object.entries(tree)
    .map(([name, child]) => (child === undefined ? "" : `<${name}>${toXml(child)}</${name}>`))
    .join("");
}

function isList(tree: XmlTree): tree is readonly XmlTree[] {
  return Array.isArray(tree);
}
