import { needed } from "../frame/command.ts";
import { type Command, command } from "../frame/context.ts";
import { itemPath, type Kind } from "../kinds/kind.ts";
import { resourceKinds } from "../kinds/kinds.ts";
import { printDone } from "../output/print.ts";
import { isObject } from "../output/shape.ts";
import { batch } from "./batch.ts";
import { deleteDeadLetter } from "./dead-letters.ts";
import { dryRun, files, ignoredApplication, workDir } from "./flags.ts";
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
    run: async (context) => {
      const [name = ""] = context.args;
      const operation = kind.operations.delete;
      const answer = await context.client.call(operation, { path: itemPath(operation, name) });
      // Deleted secrets are not answered with themselves.
      await printDone(context, kind, kind.messages.deleted, isObject(answer) ? answer : { name });
    },
  });
}

/** `dispatch delete`. */
export const deleteGroup = command({
  name: "delete",
  summary: "Delete resources",
  childWord: "resource type",
  flags: { ...files, ...workDir, ...dryRun },
  examples: ["dispatch delete function hello", "dispatch delete -f all-resources.yaml"],
  commands: [...resourceKinds.map((kind) => deleteCommand(kind, "delete")), seedCommand("delete"), deleteDeadLetter],
  run: ({ flags, ...context }) => batch(context, "delete", flags),
});
