/** `get state [APPLICATION [KEY]]`: the value itself where a key is named. */
import { stateOperations } from "../../../core/state/contract.ts";
import { optional } from "../../../frame/command.ts";
import { integer, text } from "../../../frame/flags.ts";
import { command } from "../context/context.ts";
import { tableOf } from "../kinds/kind.ts";
import { number, objectOf } from "../output/json.ts";
import { printData, printResources } from "../output/print.ts";
import { unixDate } from "../output/time.ts";

const applications = tableOf({ Application: "application", Keys: "keys", Bytes: "size" });

const entries = tableOf({
  Key: "key",
  Version: "version",
  Bytes: "size",
  Modified: (entry) => unixDate(number(entry, "modifiedTime")),
});

export const getState = command({
  name: "state",
  summary: "Get what applications keep: the applications, the keys of one, or the value of a key",
  arguments: [optional("APPLICATION"), optional("KEY")],
  flags: { prefix: text("Only keys that begin with this"), limit: integer("At most so many keys") },
  examples: ["dispatch get state cloudmaster --prefix vm/", "dispatch get state cloudmaster vm/vmtest01"],
  run: async ({ flags, ...context }) => {
    const { args, client, format } = context;
    const [application = "", key = ""] = args;
    if (application === "") {
      const answer = await client.all(stateOperations.listApplications);
      return printResources(context, { table: applications, name: "application" }, answer);
    }
    if (key === "") {
      const answer = await client.all(stateOperations.listState, { path: { application }, query: flags });
      return printResources(context, { table: entries, name: "key" }, answer);
    }
    const entry: unknown = await client.call(stateOperations.getState, { path: { application, key } });
    await printData(context, format === "table" ? objectOf(entry).value : entry);
  },
});
