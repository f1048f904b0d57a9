/** A kind of resource as the command line knows it: data that every verb is generic over. */
import type { ResourceOperations } from "../../../core/shared/resource-operations.ts";
import type { CallableOperation } from "../../client/client.ts";
import type { Settings } from "../frame/settings.ts";
import { isObject, type JsonObject, type Shape } from "../output/shape.ts";
import type { TableStyle } from "../output/table.ts";

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
  /** Keys of the schema that the server fills in from something else, and takes no orders about. */
  readonly derived?: readonly string[];
  readonly shape: Shape;
  readonly table: KindTable;
  /** Where the answers of a batch stand in its JSON summary. */
  readonly summaryKey: string;
  /** Has a status that ends in READY or ERROR. */
  readonly hasStatus: boolean;
}

/** `Created function`, `Updated function`, `Deleted function`. */
export function usualMessages(label: string): Kind["messages"] {
  return { created: `Created ${label}`, updated: `Updated ${label}`, deleted: `Deleted ${label}` };
}

/** The values for the one hole of an item operation's path. */
export function itemPath(operation: CallableOperation, name: string): Record<string, string> {
  const hole = /\{(\w+)\}/.exec(operation.path)?.[1];
  return hole === undefined ? {} : { [hole]: name };
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
  const value = resource[key];
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** A column that shows one text field. */
export function textColumn(title: string, key: string): Column {
  return { title, cell: (resource) => text(resource, key) };
}
