/** YAML nodes to the JSON that a schema wants; what does not fit becomes a problem with its place. */
import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from "yaml";
import { nearest } from "../../../core/shared/nearest.ts";
import type { FieldSchema } from "../kinds/kind.ts";
import type { JsonObject } from "../output/json.ts";

/** A document that is being read. */
export interface Reading {
  readonly document: Document;
  /** Notes a mistake with its place. */
  problem(offset: number, message: string): undefined;
}

/** Keys that older files have and that say nothing any more (decisions.md 2). */
const legacyKeys: ReadonlySet<string> = new Set(["label", "groups", "public"]);

interface Field {
  readonly key: string;
  readonly offset: number;
  readonly value: unknown;
}

/** The field of a map whose key is this word in any letter case. */
export function fieldNamed(reading: Reading, map: YAMLMap, name: string): Field | undefined {
  return fieldsOf(reading, map).find((field) => plain(field.key) === plain(name));
}

/** The keys of a map that the schema knows, in its spelling; others are problems. */
export function convertFields(reading: Reading, map: YAMLMap, schema: FieldSchema, owner: string): JsonObject {
  const known = Object.keys(schema.properties ?? {});
  const result: Record<string, unknown> = {};
  for (const field of fieldsOf(reading, map)) {
    const name = known.find((candidate) => plain(candidate) === plain(field.key));
    if (name === undefined) noteUnknown(reading, field, known, owner);
    else if (name in result)
      reading.problem(field.offset, `the key ${JSON.stringify(name)} stands here for the second time`);
    else result[name] = convert(reading, { ...field, key: name }, schema.properties?.[name] ?? {});
  }
  return Object.fromEntries(Object.entries(result).filter(([, value]) => value !== undefined));
}

function noteUnknown(reading: Reading, field: Field, known: readonly string[], owner: string): void {
  if (legacyKeys.has(plain(field.key))) return;
  const meant = nearest(field.key, known);
  const hint = meant === undefined ? `known keys: ${known.join(", ")}` : `did you mean ${JSON.stringify(meant)}?`;
  reading.problem(field.offset, `unknown key ${JSON.stringify(field.key)} in ${owner}; ${hint}`);
}

/** Letter case never counts, nor do the hyphens that some keys have on the wire. */
function plain(key: string): string {
  return key.toLowerCase().replaceAll(/[-_]/g, "");
}

/** The fields of a map, those of `<<` after its own. */
function fieldsOf(reading: Reading, map: YAMLMap): Field[] {
  const own: Field[] = [];
  const merged: Field[] = [];
  for (const { key, value } of map.items) {
    const text = scalarText(key) ?? "";
    if (text === "<<") merged.push(...mergedFields(reading, value));
    else own.push({ key: text, offset: offsetOf(key), value });
  }
  return [...own, ...merged.filter((field) => !own.some((other) => plain(other.key) === plain(field.key)))];
}

function mergedFields(reading: Reading, value: unknown): Field[] {
  const node = target(reading, value);
  if (isSeq(node)) return node.items.flatMap((item) => mergedFields(reading, item));
  return isMap(node) ? fieldsOf(reading, node) : [];
}

function target(reading: Reading, node: unknown): unknown {
  return isAlias(node) ? node.resolve(reading.document) : node;
}

/** Where a node begins, counted in characters. */
export function offsetOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0;
}

/** What a scalar's text becomes, and how a message calls what was wanted. */
const scalars: Readonly<Record<string, readonly [read: (text: string) => unknown, wanted: string]>> = {
  string: [(text) => text, "a text"],
  boolean: [booleanOf, "true or false"],
  number: [numberOf, "a number"],
  integer: [integerOf, "a whole number"],
};

function convert(reading: Reading, field: Field, schema: FieldSchema): unknown {
  const node = target(reading, field.value);
  if (isNothing(node)) return undefined;
  if (schema.type === "array") return listOf(reading, node, schema, field);
  if (schema.type === "object") return objectOf(reading, node, schema, field);
  const scalar = scalars[schema.type ?? ""];
  if (scalar === undefined) return (node as Node).toJS(reading.document);
  const [read, wanted] = scalar;
  const text = scalarText(node);
  return (text === undefined ? undefined : read(text)) ?? misfit(reading, node, field, wanted);
}

function misfit(reading: Reading, node: unknown, { key, offset }: Field, wanted: string): undefined {
  const found = isMap(node) ? "a map" : isSeq(node) ? "a list" : "another value";
  return reading.problem(offsetOf(node) || offset, `${JSON.stringify(key)} must be ${wanted}, here is ${found}`);
}

function listOf(reading: Reading, node: unknown, schema: FieldSchema, field: Field): unknown {
  if (!isSeq(node)) return misfit(reading, node, field, "a list");
  const items = node.items.map((value) => ({ ...field, offset: offsetOf(value), value }));
  return items.map((item) => convert(reading, item, schema.items ?? {})).filter((item) => item !== undefined);
}

function objectOf(reading: Reading, node: unknown, schema: FieldSchema, field: Field): unknown {
  if (!isMap(node)) return misfit(reading, node, field, "a map of keys");
  if (schema.properties) return convertFields(reading, node, schema, field.key);
  const values = schema.additionalProperties ?? {};
  // In a map of texts an empty value is an empty text.
  const empty = values.type === "string" ? "" : null;
  const entries = fieldsOf(reading, node).map((own) => [own.key, convert(reading, own, values) ?? empty] as const);
  return Object.fromEntries(entries);
}

/** Whether a node says nothing: absent, `~`, `null`, or empty. */
export function isNothing(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null);
}

/** The text as written (`2`, `yes`, `0x1F`, `1.50`), quotes and escapes resolved; undefined for anything but a scalar. */
export function scalarText(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  return typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
}

/** A boolean in YAML 1.1's words; undefined for any other text. */
function booleanOf(text: string): boolean | undefined {
  if (/^(true|yes|on|y)$/i.test(text)) return true;
  return /^(false|no|off|n)$/i.test(text) ? false : undefined;
}

function numberOf(text: string): number | undefined {
  const digits = text.replaceAll("_", "");
  return /^[-+]?(0x[0-9a-f]+|\d+(\.\d+)?(e[-+]?\d+)?)$/i.test(digits) ? Number(digits) : undefined;
}

function integerOf(text: string): number | undefined {
  const number = numberOf(text);
  return Number.isSafeInteger(number) ? number : undefined;
}
