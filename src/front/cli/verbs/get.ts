import type { Handler } from "../frame/command.ts";
import { argument, type Context } from "../frame/context.ts";
import { rulesColumn } from "../kinds/iam.ts";
import { itemPath, type Kind, type KindTable } from "../kinds/kind.ts";
import { printResources } from "../output/print.ts";

const hiddenNote = "Note: secret values are hidden, please use --all flag to get them\n\n";
const narrowNote = "Note: rule contents are omitted, please use --wide or -w to print them\n";

/** `get <kind> [NAME]`. */
export function getter(kind: Kind): Handler {
  return async (given) => {
    const context = given.flags.on("all") ? { ...given, format: "json" as const } : given;
    const answer = await fetchResources(context, kind, argument(context, 0));
    if (context.format === "table") context.io.stdout(noteOf(kind, context));
    await printResources(context, { shape: kind.shape, table: tableOf(kind, context) }, answer);
    return 0;
  };
}

/** One resource, or all when the name is empty. */
export function fetchResources(context: Context, kind: Kind, name: string): Promise<unknown> {
  const { get, list } = kind.operations;
  return name === "" ? context.client.all(list) : context.client.call(get, { path: itemPath(get, name) });
}

function noteOf(kind: Kind, context: Context): string {
  if (kind.kind === "Secret") return hiddenNote;
  return kind.kind === "Policy" && !context.flags.on("wide") ? narrowNote : "";
}

function tableOf(kind: Kind, context: Context): KindTable {
  if (kind.kind !== "Policy" || !context.flags.on("wide")) return kind.table;
  return { ...kind.table, columns: [...kind.table.columns, rulesColumn] };
}
