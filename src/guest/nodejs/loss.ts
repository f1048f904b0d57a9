/** Finds values in a result that JSON would turn into `{}`, write without their message, or refuse. */
import { attempt } from "./failure.ts";

/** A value that JSON cannot hold, and the keys that lead to it, innermost first. */
interface Loss {
  readonly value: object;
  readonly keys: (string | number)[];
}

const HINTS: Readonly<Record<string, string>> = {
  "a Map": "return Object.fromEntries(map)",
  "a Set": "return [...set]",
  "a Response": "return await response.json() or await response.text()",
  "a Promise": "await it",
  "a Generator": "return [...generator]",
  "an AsyncGenerator": "return await Array.fromAsync(generator)",
  "a Readable": "return await text(stream), with text of node:stream/consumers",
};

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, "hasOwnProperty"); // the Object.prototype of another realm
};

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Whether this is an object of Node.js itself, such as a stream: JSON would show its inner workings instead of what it carries. */
const isStream = (value: object): boolean => typeof (value as { pipe?: unknown }).pipe === "function";

/** Numbers and texts in their object form are written as what they hold; what is empty has no text but `{}`. */
const isLost = (value: object): boolean =>
  value instanceof Error || isStream(value) || (Object.keys(value).length === 0 && JSON.stringify(value) === "{}");

/** Recursion is safe here: JSON.stringify went as deep through the same value before. */
const find = (value: object): Loss | undefined => {
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at += 1) {
      const item: unknown = value[at];
      const found = isObject(item) ? find(item) : undefined;
      if (found !== undefined) return within(found, at);
    }
    return undefined;
  }
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") return undefined;
  if (!isPlain(value) && isLost(value)) return { value, keys: [] };
  for (const key in value) {
    const item: unknown = (value as Readonly<Record<string, unknown>>)[key];
    const found = isObject(item) && Object.hasOwn(value, key) ? find(item) : undefined;
    if (found !== undefined) return within(found, key);
  }
  return undefined;
};

const within = (loss: Loss, key: string | number): Loss => {
  loss.keys.push(key);
  return loss;
};

/** `a Map`, `an AsyncGenerator`, `a Greeter`. */
const kindOf = (value: object): string => {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  const name = attempt(() => (tag === "Object" || tag === "Error" ? value.constructor.name : tag)) || tag;
  return `${/^[AEIOU]/i.test(name) ? "an" : "a"} ${name}`;
};

const LONGEST_PATH = 200;

/** `.vms[0].tags`; keys that are no names are quoted. */
const pathOf = ({ keys }: Pick<Loss, "keys">): string => {
  const step = (key: string | number): string =>
    typeof key === "string" && /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  const path = keys.toReversed().map(step).join("");
  return path.length > LONGEST_PATH ? `${path.slice(0, LONGEST_PATH)}...` : path;
};

/** Why JSON would not hold a value, by name and place; undefined when nothing is lost. */
export const lossOf = (value: unknown): string | undefined => {
  const loss = isObject(value) ? attempt(() => find(value)) : undefined;
  if (loss === undefined) return undefined;
  const kind = kindOf(loss.value);
  const what = loss.keys.length === 0 ? `it is ${kind}` : `${pathOf(loss)} is ${kind}`;
  if (loss.value instanceof Error) return `${what}: ${attempt(() => String((loss.value as Error).message)) ?? ""}`;
  const hint = HINTS[kind];
  return `${what}${hint === undefined ? "" : `; ${hint}`}`;
};

interface Obstacle {
  readonly what: string;
  readonly keys: (string | number)[];
}

/** @param holders the objects that hold the value, outermost first. */
const findObstacle = (value: unknown, holders: readonly object[]): Obstacle | undefined => {
  if (typeof value === "bigint" || value instanceof BigInt)
    return { what: "is a BigInt; return String(number) or Number(number)", keys: [] };
  if (!isObject(value)) return undefined;
  const at = holders.indexOf(value);
  if (at >= 0) {
    const levels = holders.length - at;
    const up = `${levels} level${levels === 1 ? "" : "s"} up`;
    return { what: `is circular: it is the object that holds it, ${up}`, keys: [] };
  }
  const within = [...holders, value];
  for (const [key, item] of Object.entries(value)) {
    const found = findObstacle(item, within);
    if (found === undefined) continue;
    found.keys.push(Array.isArray(value) ? Number(key) : key);
    return found;
  }
  return undefined;
};

/** The place of what `JSON.stringify` refused: a BigInt, or an object inside of itself. */
export const obstacleOf = (value: unknown): string | undefined => {
  const found = attempt(() => findObstacle(value, []));
  return found === undefined ? undefined : `${pathOf(found) || "it"} ${found.what}`;
};
