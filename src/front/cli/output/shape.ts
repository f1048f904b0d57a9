/** The order of keys in printed objects, and which of them are left out when empty (cli-and-runtimes.md 1.8). */
import { isObject, type JsonObject } from "./json.ts";

/**
 * Keys in order: `name` is always printed (null when unset), `id?` is left out when empty, zero or false, `output??`
 * only when it is null. Keys that are not named follow in the order of the answer.
 */
export interface Shape {
  readonly keys: string;
  readonly nested?: Readonly<Record<string, string>>;
}

export function shaped(value: JsonObject, shape: Shape): JsonObject {
  const result: Record<string, unknown> = {};
  const keys = shape.keys.split(" ");
  for (const key of keys) addKey(result, key, value, shape);
  const named = new Set(keys.map(bare));
  for (const [key, item] of Object.entries(value)) if (!named.has(key) && item !== undefined) result[key] = item;
  return result;
}

function addKey(result: Record<string, unknown>, key: string, value: JsonObject, shape: Shape): void {
  const name = bare(key);
  const item = value[name];
  if (key.endsWith("??") ? item === null || item === undefined : key.endsWith("?") && isEmpty(item)) return;
  const nested = shape.nested?.[name];
  result[name] = nested && isObject(item) ? shaped(item, { keys: nested }) : (item ?? null);
}

function bare(key: string): string {
  return key.replace(/\?+$/, "");
}

function isEmpty(value: unknown): boolean {
  // No zero time of int64 nanoseconds is ever a time.
  if (typeof value === "bigint") return value <= 0n;
  return value === undefined || value === null || value === "" || value === 0 || value === false;
}
