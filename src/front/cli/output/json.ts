/** JSON objects of servers and files, read without trust in their form. */

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A text field; "" when it is absent. */
export function text(resource: JsonObject, key: string): string {
  const value = resource[key];
  return value === undefined || value === null ? "" : String(value);
}

/** A list of texts; [] when it is absent. */
export function list(resource: JsonObject, key: string): readonly string[] {
  const value = resource[key];
  return Array.isArray(value) ? value.map(String) : [];
}

/** A number; undefined when it is absent. */
export function number(resource: JsonObject, key: string): number | undefined {
  const value = resource[key];
  return typeof value === "number" ? value : undefined;
}

/** The objects of a list; [] of anything else. */
export function objectsOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** An object; an empty one for anything else. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** Names of values, never the values. */
export function keysOf(values: unknown): string {
  return Object.keys(objectOf(values)).join(", ");
}
