import { optional } from "../../../frame/command.ts";
import { type Command, command } from "../context/context.ts";
import type { Kind } from "../kinds/kind.ts";
import { fetchAll, fetchOne } from "../kinds/resources.ts";
import { printResources } from "../output/print.ts";
import { ignoredApplication } from "./flags.ts";

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
      const [name = ""] = context.args;
      const answer = name === "" ? await fetchAll(context, kind) : await fetchOne(context, kind, name);
      if (context.format === "table") context.io.stdout(kind.reading?.note?.(flags) ?? "");
      const beside = context.format === "table" ? kind.reading?.beside : undefined;
      const shown = beside === undefined ? answer : await beside(context, [answer].flat());
      const columns = { ...kind.table.columns, ...kind.reading?.more?.(flags) };
      await printResources(context, { shape: kind.shape, table: { ...kind.table, columns } }, shown);
    },
  });
}
