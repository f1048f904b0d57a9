/** A kind of resource as the command line knows it: data that every verb is generic over. */
import type { ResourceOperations } from "../../../core/shared/resource-operations.ts";
import type { CallableOperation } from "../../client/client.ts";
import type { Argument } from "../frame/command.ts";
import type { Context } from "../frame/context.ts";
import { type FlagTable, text as textFlag, type Values } from "../frame/flags.ts";
import type { Io } from "../frame/io.ts";
import type { Settings } from "../frame/settings.ts";
import type { Fact } from "../output/facts.ts";
import { isObject, type JsonObject, type Shape } from "../output/shape.ts";
import type { TableStyle } from "../output/table.ts";
import { unixDate } from "../output/time.ts";

export interface Column {
  readonly title: string;
  readonly cell: (resource: JsonObject, settings: Settings) => string;
}

export interface KindTable {
  readonly style: TableStyle;
  readonly columns: readonly Column[];
}

/** The part of JSON Schema that describes what a batch file may say. */
export interface FieldSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly additionalProperties?: FieldSchema;
  readonly items?: FieldSchema;
  readonly required?: readonly string[];
}

/** Hands the path of a file or folder that a resource names to `use`; what stands beside a URL is there only during the call. */
export type NamedFile = <T>(path: string, use: (found: string) => Promise<T> | T) => Promise<T>;

/** What `create` and `update` take, and what they send. */
export interface Writing<F extends FlagTable = FlagTable> {
  readonly arguments: readonly Argument[];
  readonly flags: F;
  /** Behind the verb: `secret slack slack.json`. */
  readonly examples: readonly string[];
  /** Further arguments are accepted and ignored, as they always were. */
  readonly ignoresExtra?: true;
  /** The body. @throws CliError when a file cannot be used */
  draft(given: Drafting<F>): JsonObject | Promise<JsonObject>;
}

export interface Drafting<F extends FlagTable> {
  readonly args: readonly string[];
  readonly flags: Values<F>;
  readonly io: Io;
}

/** What `get` takes and prints besides the table. */
export interface Reading<F extends FlagTable = FlagTable> {
  readonly flags: F;
  /** Before a table. */
  note?(flags: Values<F>): string;
  /** Columns that a flag asks for. */
  more?(flags: Values<F>): readonly Column[];
}

export interface Kind {
  /** The word of batch files: `Function`. */
  readonly kind: string;
  /** The word of the verbs: `function`. */
  readonly word: string;
  /** Further words; hyphens and letter case never count. */
  readonly aliases: readonly string[];
  /** As help texts call it: `function`. */
  readonly title: string;
  /** Before the name in messages: `Created function`. */
  readonly messages: { readonly created: string; readonly updated: string; readonly deleted: string };
  readonly operations: ResourceOperations;
  readonly schema: FieldSchema;
  /** Keys that a batch file needs beyond `name`. */
  readonly required: readonly string[];
  /** Keys of the schema that the server fills in from something else; a request cannot set them. */
  readonly derived?: readonly string[];
  readonly shape: Shape;
  readonly table: KindTable;
  /** Where the answers of a batch stand in its JSON summary. */
  readonly summaryKey: string;
  /** Has a status that ends in READY or ERROR. */
  readonly hasStatus: boolean;
  readonly writing: Writing;
  readonly reading?: Reading;
  /** What `describe` tells beyond what all kinds have. */
  facts(resource: JsonObject, settings: Settings): readonly Fact[];
  /** What it tells last, and has to ask the server for. */
  history?(context: Context, resource: JsonObject): Promise<readonly Fact[]>;
  /** By kind: who names a resource of this one, and the names that one of them holds. */
  readonly users?: Readonly<Record<string, (user: JsonObject, organization: string) => readonly string[]>>;
  /** For comparing: what the server makes of a request. */
  normal?(spec: JsonObject, organization: string): JsonObject;
  /** What is told besides when one was made. */
  made?(context: Context, resource: JsonObject): Promise<void>;
  /** What the server says about one besides the message of success. */
  notes?(resource: JsonObject): readonly string[];
  /** One of these keys must stand in a batch file; its first is the usual one. */
  readonly oneOf?: readonly string[];
  /** The body of a batch file with the files that it names. @throws CliError when one is missing or unusable */
  complete?(body: JsonObject, file: NamedFile): Promise<JsonObject>;
  /** What a comparison leaves out because the server does not tell it, as a sentence. */
  readonly untold?: string;
  /** What a comparison shows of one, where something is secret; `known` is what the server has. */
  masked?(spec: JsonObject, known: JsonObject | undefined): JsonObject;
  /** What an editor shows, where that is not the spec alone. @throws CliError when it cannot be edited */
  edited?(spec: JsonObject, source: string): Promise<string>;
}

/** Derives the types of the flags; nothing else. */
export function reading<F extends FlagTable>(data: Reading<F>): Reading {
  return data;
}

/** Keys in the order in which they are printed. */
export function keys(words: string): Shape {
  return { keys: words.split(" ") };
}

/** The flag `--application` and the tag that it adds. */
export const application = {
  application: textFlag("Mark it as part of an application (adds the tag Application)", { short: "a" }),
};

export function tagsOf(flags: Values<typeof application>): readonly JsonObject[] {
  return flags.application === undefined ? [] : [{ key: "Application", value: flags.application }];
}

/** The one parameter in the path of an operation on a resource. */
export function itemPath(operation: CallableOperation, name: string): Record<string, string> {
  const hole = /\{(\w+)\}/.exec(operation.path)?.[1];
  return hole === undefined ? {} : { [hole]: name };
}

/** One resource, or all when the name is empty. */
export function fetchResources(
  context: Context,
  { operations: { get, list: all } }: Kind,
  name: string,
): Promise<unknown> {
  return name === "" ? context.client.all(all) : context.client.call(get, { path: itemPath(get, name) });
}

/** Tables without crossings: most of them. */
export const plainStyle: TableStyle = { center: "", rowLine: false, wrap: true };

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

/** A list of objects; [] when it is absent. */
export function objects(resource: JsonObject, key: string): readonly JsonObject[] {
  return objectsOf(resource[key]);
}

/** The objects of a list; [] of anything else. */
export function objectsOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** An object; an empty one for anything else. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** A column that shows one text field. */
export function textColumn(title: string, key: string): Column {
  return { title, cell: (resource) => text(resource, key) };
}

/** A column that shows Unix seconds as a date. */
export function dateColumn(title: string, key = "createdTime"): Column {
  return { title, cell: (resource) => unixDate(number(resource, key)) };
}

/** Names of values, never the values. */
export function keysOf(values: unknown): string {
  return Object.keys(objectOf(values)).join(", ");
}
