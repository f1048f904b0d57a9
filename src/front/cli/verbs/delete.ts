import { needed } from "../frame/command.ts";
import { type Command, command } from "../frame/context.ts";
import type { Kind } from "../kinds/kind.ts";
import { resourceKinds } from "../kinds/kinds.ts";
import { send } from "../kinds/resources.ts";
import { printDone } from "../output/print.ts";
import { fileVerb } from "./batch.ts";
import { deleteDeadLetter } from "./dead-letters.ts";
import { dryRun, ignoredApplication } from "./flags.ts";
import { seedCommand } from "./seed.ts";

/** `delete <kind> NAME` below one of the groups. */
export function deleteCommand(kind: Kind, group: string): Command {
  return command({
    name: kind.word,
    aliases: kind.aliases,
    summary: `Delete one ${kind.title}`,
    arguments: [needed("NAME", kind.kind)],
    flags: ignoredApplication,
    examples: [`dispatch ${group} ${kind.word} NAME`],
    run: async (context) =>
      printDone(context, kind, kind.messages.deleted, await send(context, kind, "delete", { name: context.args[0] })),
  });
}

export const deleteGroup = fileVerb("delete", dryRun, {
  summary: "Delete resources",
  examples: ["dispatch delete function hello", "dispatch delete -f all-resources.yaml"],
  commands: [...resourceKinds.map((kind) => deleteCommand(kind, "delete")), seedCommand("delete"), deleteDeadLetter],
});
