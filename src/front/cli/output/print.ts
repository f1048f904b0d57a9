import type { Context } from "../context/context.ts";
import type { Kind, KindTable } from "../kinds/kind.ts";
import { jsonText, yamlText } from "./encode.ts";
import { type JsonObject, objectsOf, text } from "./json.ts";
import { shaped } from "./shape.ts";
import { renderTable } from "./table.ts";

export async function printData({ io, format }: Context, value: unknown): Promise<void> {
  io.stdout(format === "yaml" ? await yamlText(value) : jsonText(value));
}

export function cellsOf({ columns }: KindTable, row: JsonObject, settings: Context["settings"]): string[] {
  return Object.values(columns).map((shown) => (typeof shown === "string" ? text(row, shown) : shown(row, settings)));
}

export function printNames({ io }: Context, resources: readonly JsonObject[], key = "name"): void {
  io.stdout(resources.map((resource) => `${String(resource[key] ?? "")}\n`).join(""));
}

interface Printed {
  /** The order of keys; without one that of the answer. */
  readonly shape?: Kind["shape"];
  readonly table: KindTable;
  readonly name?: string;
}

/** One resource as an object, a list as a list (cli-and-runtimes.md 1.2). */
export async function printResources(context: Context, printed: Printed, answer: unknown): Promise<void> {
  const { shape, table, name } = printed;
  const rows = objectsOf(Array.isArray(answer) ? answer : [answer]);
  if (context.format === "table") {
    const cells = rows.map((row) => cellsOf(table, row, context.settings));
    return context.io.stdout(renderTable(table.style, Object.keys(table.columns), cells));
  }
  if (context.format === "name") return printNames(context, rows, name);
  const values = shape === undefined ? rows : rows.map((row) => shaped(row, shape));
  await printData(context, Array.isArray(answer) ? values : values[0]);
}

/** What the server says about a resource besides the message of success. */
export function printNotes({ io }: Context, { kind, notes }: Kind, resource: JsonObject): void {
  const all = notes?.(resource) ?? [];
  if (all.length > 0) io.stderr(all.map((note) => `note: ${kind} ${String(resource.name)}: ${note}\n`).join(""));
}

/** The message of a success, or the resource itself when another format than the table is asked for. */
export async function printDone(context: Context, kind: Kind, message: string, resource: JsonObject): Promise<void> {
  if (context.format === "table") return context.io.stdout(`${message}: ${String(resource.name)}\n`);
  await printResources(context, kind, resource);
}
