/** XML as web services of the older kind have it (vSphere, EC2): objects in, objects out. */
import { XMLParser } from "fast-xml-parser";

/** A value to write. An object's members are elements in their order; a list repeats its element; undefined is left out. */
export type XmlValue = string | number | boolean | undefined | MoRef | readonly XmlValue[] | XmlObject;
export interface XmlObject {
  /** The name of a derived type (`xsi:type`), for example `TraversalSpec`. */
  readonly $type?: string;
  /** Text in place of elements, for a value of any type (`xsd:string`). */
  readonly $text?: string;
  readonly [element: string]: XmlValue;
}

/** A reference to a managed object: its type (`VirtualMachine`) and the server's own id (`vm-42`). */
export class MoRef {
  readonly type: string;
  readonly value: string;

  constructor(type: string, value: string) {
    this.type = type;
    this.value = value;
  }
}

/** A parsed element: text, a reference, an object of elements, or a list where an element repeats. */
export type Parsed = string | MoRef | readonly Parsed[] | { readonly [element: string]: Parsed };

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export function writeElement(name: string, value: XmlValue): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.map((item) => writeElement(name, item)).join("");
  if (value instanceof MoRef) return `<${name} type="${escapeXml(value.type)}">${escapeXml(value.value)}</${name}>`;
  if (typeof value !== "object") return `<${name}>${escapeXml(String(value))}</${name}>`;
  const { $type, $text = "", ...elements } = value as XmlObject;
  const type = $type === undefined ? "" : ` xsi:type="${escapeXml($type)}"`;
  const inside = Object.entries(elements).map(([element, child]) => writeElement(element, child));
  return `<${name}${type}>${escapeXml($text)}${inside.join("")}</${name}>`;
}

/** What XML 1.0 cannot carry at all (control characters) is left out. */
function escapeXml(text: string): string {
  const writable = text.replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "");
  return writable.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  transformTagName: (name) => name.replace(/^[^:]*:/, ""),
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  ignoreDeclaration: true,
});

/** @throws Error when the text is no XML. */
export function parseXml(text: string): Parsed {
  return simplify(parser.parse(text, true));
}

/** References become MoRefs; of other attributes the data type stays, as `$type`; blanks between elements go. */
function simplify(node: unknown): Parsed {
  if (Array.isArray(node)) return node.map(simplify);
  if (typeof node !== "object" || node === null) return String(node ?? "");
  const attributes = node as Readonly<Record<string, unknown>>;
  const elements = Object.entries(node).filter(([name]) => !name.startsWith("@") && name !== "#text");
  const dataType = dataTypeOf(attributes);
  if (
    elements.length > 0 ||
    (dataType !== undefined && !/^(?:xsd|XMLSchema):/.test(dataType) && attributes["#text"] === undefined)
  )
    return Object.fromEntries([
      ...(dataType === undefined ? [] : [["$type", dataType] as const]),
      ...elements.map(([name, child]) => [name, simplify(child)] as const),
    ]);
  const content = String(attributes["#text"] ?? "");
  return typeof attributes["@type"] === "string" ? new MoRef(attributes["@type"], content) : content;
}

/** The attribute `type` of XML Schema's instance namespace, whatever prefix the server gives that. */
function dataTypeOf(attributes: Readonly<Record<string, unknown>>): string | undefined {
  const [, type] = Object.entries(attributes).find(([name]) => /^@[^:]+:type$/.test(name)) ?? [];
  return typeof type === "string" ? type : undefined;
}

/** The element at a path; a list gives its first. */
export function at(node: Parsed | undefined, ...path: readonly string[]): Parsed | undefined {
  let current: Parsed | undefined = node;
  for (const name of path) {
    const one: Parsed | undefined = Array.isArray(current) ? current[0] : current;
    if (typeof one !== "object" || one instanceof MoRef || Array.isArray(one)) return undefined;
    current = Object.hasOwn(one, name) ? (one as Readonly<Record<string, Parsed>>)[name] : undefined;
  }
  return current;
}

/** The elements at a path as a list: none, one or many. */
export function all(node: Parsed | undefined, ...path: readonly string[]): readonly Parsed[] {
  const found = at(node, ...path);
  if (found === undefined) return [];
  return Array.isArray(found) ? found : [found as Parsed];
}

/** The text at a path, when there is one. */
export function text(node: Parsed | undefined, ...path: readonly string[]): string | undefined {
  const found = at(node, ...path);
  return typeof found === "string" ? found : undefined;
}

/** The reference at a path. */
export function ref(node: Parsed | undefined, ...path: readonly string[]): MoRef | undefined {
  const found = at(node, ...path);
  return found instanceof MoRef ? found : undefined;
}
