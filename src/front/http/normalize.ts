/**
 * Bodies as old clients write them: keys in any letter case, `null` for everything that is empty (server.md 0, rules 4
 * and 5). The result has the contract's own spelling and no nulls; free-form parts stay as they are.
 */
import type { Fields } from "../../core/shared/json-text.ts";

interface Shape {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly additionalProperties?: Shape;
}

type Normalize = (value: unknown) => unknown;

/** Prepares the rewriting for one schema. */
export function normalizerOf(schema: Shape): Normalize {
  if (schema.properties !== undefined) return objectNormalizer(schema.properties);
  if (schema.items !== undefined) return listNormalizer(normalizerOf(schema.items));
  if (schema.additionalProperties?.type === "string") return stringMap;
  return (value) => value;
}

/** The names of a schema that count in any letter case. */
export function fieldsOf({ properties, items }: Shape): Fields {
  if (properties === undefined) return items === undefined ? {} : { items: fieldsOf(items) };
  const fields = Object.entries(properties).map(([key, shape]) => [key.toLowerCase(), fieldsOf(shape)] as const);
  return { fields: new Map(fields) };
}

function objectNormalizer(properties: Readonly<Record<string, Shape>>): Normalize {
  const known = new Map(
    Object.entries(properties).map(([key, shape]) => [key.toLowerCase(), { key, normalize: normalizerOf(shape) }]),
  );
  return (value) => {
    if (!isObject(value)) return value;
    const result: Record<string, unknown> = {};
    for (const key in value) {
      const property = known.get(key) ?? known.get(key.toLowerCase());
      const member = value[key];
      if (property !== undefined && member !== null) result[property.key] = property.normalize(member);
    }
    return result;
  };
}

function listNormalizer(normalize: Normalize): Normalize {
  return (value) => (Array.isArray(value) ? value.map(normalize) : value);
}

/** In a map of strings a null is the empty string, as Go decodes it. */
function stringMap(value: unknown): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, text === null ? "" : text]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
