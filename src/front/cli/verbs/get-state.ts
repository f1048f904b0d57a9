import { stateOperations } from "../../../core/state/contract.ts";
import { argument, type Context } from "../frame/context.ts";
import { type KindTable, number, plainStyle, textColumn } from "../kinds/kind.ts";
import { printData, printTable } from "../output/print.ts";
import { isObject, type JsonObject } from "../output/shape.ts";
import { unixDate } from "../output/time.ts";

const applications: KindTable = {
  style: plainStyle,
  columns: [textColumn("Application", "application"), textColumn("Keys", "keys"), textColumn("Bytes", "size")],
};

const entries: KindTable = {
  style: plainStyle,
  columns: [
    textColumn("Key", "key"),
    textColumn("Version", "version"),
    textColumn("Bytes", "size"),
    { title: "Modified", cell: (entry) => unixDate(number(entry, "modifiedTime")) },
  ],
};

/** `get state [APPLICATION [KEY]]`: the value itself where a key is named. */
export async function getState(context: Context): Promise<number> {
  const [application, key] = [argument(context, 0), argument(context, 1)];
  if (key !== "") {
    const entry: unknown = await context.client.call(stateOperations.getState, { path: { application, key } });
    const value = isObject(entry) ? entry.value : undefined;
    await printData(context, context.format === "table" ? value : entry);
    return 0;
  }
  if (application === "")
    await print(context, applications, await context.client.all(stateOperations.listApplications));
  else await print(context, entries, await listed(context, application));
  return 0;
}

function listed(context: Context, application: string): Promise<unknown> {
  const { flags } = context;
  const query = { prefix: flags.text("prefix"), limit: flags.integer("limit") };
  return context.client.all(stateOperations.listState, { path: { application }, query });
}

async function print(context: Context, table: KindTable, answer: unknown): Promise<void> {
  const rows: readonly JsonObject[] = Array.isArray(answer) ? answer.filter(isObject) : [];
  if (context.format === "table") printTable(context, table, rows);
  else if (context.format === "name")
    context.io.stdout(rows.map((row) => `${String(row.key ?? row.application)}\n`).join(""));
  else await printData(context, rows);
}
