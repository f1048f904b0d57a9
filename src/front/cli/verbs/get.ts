/** `get <kind> [NAME]`. */
import { optional } from "../frame/command.ts";
import { type Command, command } from "../frame/context.ts";
import { fetchResources, type Kind } from "../kinds/kind.ts";
import { resourceKinds } from "../kinds/kinds.ts";
import { printResources } from "../output/print.ts";
import { getDeadLetters } from "./dead-letters.ts";
import { getDeliveries } from "./events.ts";
import { ignoredApplication } from "./flags.ts";
import { getRuns } from "./get-runs.ts";
import { getSchedules } from "./get-schedules.ts";
import { getState } from "./get-state.ts";
import { getWorkers } from "./get-workers.ts";

/** `get <kind> [NAME]` below one of the groups. */
export function getCommand(kind: Kind, group: string): Command {
  return command({
    name: kind.word,
    aliases: kind.aliases,
    summary: `Get one ${kind.title}, or all`,
    arguments: [optional("NAME", kind.kind)],
    flags: { ...kind.reading?.flags, ...ignoredApplication },
    examples: [`dispatch ${group} ${kind.word}`, `dispatch ${group} ${kind.word} NAME -o json`],
    run: async ({ flags, ...given }) => {
      const context = "all" in flags && flags.all === true ? { ...given, format: "json" as const } : given;
      const answer = await fetchResources(context, kind, context.args[0] ?? "");
      if (context.format === "table") context.io.stdout(kind.reading?.note?.(flags) ?? "");
      const columns = [...kind.table.columns, ...(kind.reading?.more?.(flags) ?? [])];
      await printResources(context, { shape: kind.shape, table: { ...kind.table, columns } }, answer);
    },
  });
}

/** `dispatch get`. */
export const get = command({
  name: "get",
  summary: "Show resources",
  childWord: "resource type",
  examples: ["dispatch get functions", "dispatch get runs hello --last", "dispatch get api cloudmaster -o yaml"],
  commands: [
    ...resourceKinds.map((kind) => getCommand(kind, "get")),
    getRuns,
    getState,
    getWorkers,
    getDeadLetters,
    getDeliveries,
    getSchedules,
  ],
});
