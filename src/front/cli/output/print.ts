import type { Context } from "../frame/context.ts";
import { type Kind, type KindTable, list } from "../kinds/kind.ts";
import { jsonText, yamlText } from "./encode.ts";
import { isObject, type JsonObject, shaped } from "./shape.ts";
import { renderTable } from "./table.ts";

/** A value as JSON or YAML, whichever the call asks for. */
export async function printData(context: Context, value: unknown): Promise<void> {
  context.io.stdout(context.format === "yaml" ? await yamlText(value) : jsonText(value));
}

/** A table of resources: heading and rule stand there even without rows. */
export function printTable(context: Context, table: KindTable, rows: readonly JsonObject[]): void {
  const titles = table.columns.map((column) => column.title);
  const cells = rows.map((row) => table.columns.map((column) => column.cell(row, context.settings)));
  context.io.stdout(renderTable(table.style, titles, cells));
}

/** One name a line. */
export function printNames(context: Context, resources: readonly JsonObject[]): void {
  context.io.stdout(resources.map((resource) => `${String(resource.name ?? "")}\n`).join(""));
}

/** One resource as an object, a list as a list (cli-and-runtimes.md 1.2). */
export async function printResources(
  context: Context,
  kind: Pick<Kind, "shape" | "table">,
  answer: unknown,
): Promise<void> {
  const rows = (Array.isArray(answer) ? answer : [answer]).filter(isObject);
  if (context.format === "table") return printTable(context, kind.table, rows);
  if (context.format === "name") return printNames(context, rows);
  const values = rows.map((row) => shaped(row, kind.shape));
  await printData(context, Array.isArray(answer) ? values : values[0]);
}

/**
 * What the server says about an endpoint besides the message of success: what it shadows, whom it cannot tell from others.
 * That its function is still being made passes by itself.
 */
export function printNotes({ io }: Context, { kind }: Kind, resource: JsonObject): void {
  if (kind !== "API") return;
  const notes = list(resource, "reason").filter((sentence) => !sentence.endsWith("until it is READY"));
  io.stderr(notes.map((note) => `note: API ${String(resource.name)}: ${note}\n`).join(""));
}

/** The message of a success, or the resource itself when another format than the table is asked for. */
export async function printDone(context: Context, kind: Kind, message: string, resource: JsonObject): Promise<void> {
  if (context.format === "table") return context.io.stdout(`${message}: ${String(resource.name)}\n`);
  await printResources(context, kind, resource);
}
