/**
 * Which events a subscription wants besides their type: the filters of the CloudEvents Subscriptions API (its dialects exact,
 * prefix, suffix, all, any, not), and beyond it the values inside the data, as `data.vm.name`. Pure.
 */
import type { CloudEvent } from "../cloud-events/cloud-event.ts";
import { DispatchError } from "../shared/errors.ts";

type Wanted = Readonly<Record<string, string>>;

/** One of its keys; all filters of a list must pass. */
export type Filter =
  | { readonly exact: Wanted }
  | { readonly prefix: Wanted }
  | { readonly suffix: Wanted }
  | { readonly all: readonly Filter[] }
  | { readonly any: readonly Filter[] }
  | { readonly not: Filter };

/** The value of an attribute or of a place in the data; undefined where there is none. */
export type Look = (name: string) => string | undefined;

const MOST_FILTERS = 100;
const DEEPEST = 10;
const LONGEST = 1024;

const comparisons: Readonly<Record<string, (value: string, wanted: string) => boolean>> = {
  exact: (value, wanted) => value === wanted,
  prefix: (value, wanted) => value.startsWith(wanted),
  suffix: (value, wanted) => value.endsWith(wanted),
};

export function passes(filters: readonly Filter[], look: Look): boolean {
  return filters.every((filter) => passesOne(filter, look));
}

function passesOne(filter: Filter, look: Look): boolean {
  if ("all" in filter) return passes(filter.all, look);
  if ("any" in filter) return filter.any.some((one) => passesOne(one, look));
  if ("not" in filter) return !passesOne(filter.not, look);
  const [[dialect, wanted] = ["", {}]] = Object.entries(filter) as [string, Wanted][];
  return Object.entries(wanted).every(([name, text]) => {
    const value = look(name);
    return value !== undefined && comparisons[dialect]?.(value, text) === true;
  });
}

/** Looks into an event; `data` gives its data as a value, if anybody asks. Attributes have the names of 1.0. */
export function lookInto(event: CloudEvent, data: () => unknown): Look {
  const extensions: unknown = event.extensions === undefined ? {} : JSON.parse(event.extensions);
  const attributes: Readonly<Record<string, unknown>> = {
    ...(extensions as object),
    type: event.eventType,
    source: event.source,
    id: event.eventID,
    time: event.eventTime,
    datacontenttype: event.contentType,
    dataschema: event.schemaURL,
    specversion: "1.0",
  };
  return (name) => {
    const [first = "", ...path] = name.split(".");
    if (first === "data") return textOf(path.reduce(member, data()));
    return textOf(member(attributes, name));
  };
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key];
}

/** Numbers, true and false compare as JSON writes them; lists and objects equal nothing. */
function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? JSON.stringify(value) : undefined;
}

/** @throws BAD_REQUEST that names the place and what can stand there */
export function readFilters(given: readonly unknown[]): readonly Filter[] {
  const left = { count: MOST_FILTERS };
  return given.map((filter, index) => readFilter(filter, `filters[${index}]`, left, 1));
}

function readFilter(given: unknown, place: string, left: { count: number }, depth: number): Filter {
  left.count -= 1;
  if (left.count < 0) refuse(`${place}: a subscription may have ${MOST_FILTERS} filters`);
  if (depth > DEEPEST) refuse(`${place}: filters may nest ${DEEPEST} deep`);
  const entries = isObject(given) ? Object.entries(given) : [];
  const [[dialect, value] = ["", undefined]] = entries;
  if (entries.length !== 1) refuse(`${place} must be one of {exact}, {prefix}, {suffix}, {all}, {any}, {not}`);
  const inner = `${place}.${dialect}`;
  if (dialect === "not") return { not: readFilter(value, inner, left, depth + 1) };
  if (dialect === "all" || dialect === "any") {
    if (!Array.isArray(value) || value.length === 0) refuse(`${inner} must be a list of filters`);
    const list = (value as unknown[]).map((one, index) => readFilter(one, `${inner}[${index}]`, left, depth + 1));
    return dialect === "all" ? { all: list } : { any: list };
  }
  if (!Object.hasOwn(comparisons, dialect))
    refuse(`${inner}: there are the filters exact, prefix, suffix, all, any, not`);
  return { [dialect]: readWanted(value, inner) } as unknown as Filter;
}

function readWanted(value: unknown, place: string): Wanted {
  const entries = isObject(value) ? Object.entries(value) : [];
  if (entries.length === 0) refuse(`${place} must name an attribute and its text, such as {"source": "/shop"}`);
  for (const [name, text] of entries) {
    if (!/^([a-z0-9]+|data(\..+)?)$/.test(name))
      refuse(`${place}.${name}: attributes have small letters and digits, and places in the data begin with data.`);
    if (typeof text !== "string" || text === "" || text.length > LONGEST)
      refuse(`${place}.${name} must be a text of 1 to ${LONGEST} characters`);
  }
  return value as Wanted;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuse(message: string): never {
  throw new DispatchError("BAD_REQUEST", { message });
}
