/** The part of a resource that a user decides: what is edited and compared. The rest is the server's. */
import { rawNumber } from "../../client/json.ts";
import { isObject, type JsonObject, list, objectsOf } from "../output/json.ts";
import type { FieldSchema, Kind } from "./kind.ts";

/** Keys that the server writes, whatever a request says. */
const serversOwn = new Set(
  "createdTime created-time faasId functionImageURL groups id kind modifiedTime modified-time reason spec status url".split(
    " ",
  ),
);

/** `kind` and `name`, then what the user decides, without what says nothing. */
export function specOf({ kind, schema, derived = [] }: Kind, resource: JsonObject): JsonObject {
  const properties = Object.entries(schema.properties ?? {}).filter(
    ([key]) => key !== "name" && !serversOwn.has(key) && !derived.includes(key),
  );
  const decided = properties.map(([key, field]) => [key, saying(resource[key], field)] as const);
  return { kind, name: resource.name, ...Object.fromEntries(decided.filter(([, value]) => !isBlank(value))) };
}

/** Below known keys only: in a JSON Schema or an environment an empty value means something. */
function saying(value: unknown, { properties }: FieldSchema): unknown {
  if (!isObject(value) || !properties) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, saying(item, properties[key] ?? {})] as const);
  return Object.fromEntries(entries.filter(([, item]) => !isBlank(item)));
}

function isBlank(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

/**
 * The same for comparing: what the server would make of a request and what it answers are equal here. Values of secrets
 * stand as they are.
 */
export function comparableSpec(kind: Kind, resource: JsonObject, organization: string): JsonObject {
  const spec = specOf(kind, resource);
  const own = kind.normal?.(spec, organization) ?? spec;
  const split = Array.isArray(own.secrets) ? { ...own, secrets: splitNames(own) } : own;
  const tags = objectsOf(split.tags);
  const result = tags.length === 0 ? split : { ...split, tags: normalTags(tags) };
  const telling = Object.entries(result).filter(([, value]) => value !== false && value !== "" && value !== 0);
  return Object.fromEntries(telling.map(([key, value]) => [key, sorted(value)]));
}

/** A name with commas is several names, as ever. */
function splitNames(spec: JsonObject): string[] {
  return list(spec, "secrets").flatMap((name) => name.split(",").map((part) => part.trim()));
}

/** Of equal keys the last counts, and their order says nothing. */
function normalTags(tags: readonly JsonObject[]): JsonObject[] {
  const byKey = new Map(tags.map((tag) => [String(tag.key), tag]));
  return [...byKey.values()].toSorted((one, other) => (String(one.key) < String(other.key) ? -1 : 1));
}

/** Objects with their keys in alphabetic order, at every depth; lists keep theirs. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value) || rawNumber(value) !== undefined) return value;
  const keys = Object.keys(value).toSorted();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]));
}
