import type { Command } from "../frame/command.ts";
import type { Kind } from "../kinds/kind.ts";
import { resourceKinds } from "../kinds/kinds.ts";
import { seedCommand } from "./seed-command.ts";
import { dryRun, file, ignoredApplication, workDir } from "./shared-flags.ts";

/** `delete <kind> NAME`. */
export function deleteCommand(kind: Kind, group: string): Command {
  return {
    name: kind.word,
    aliases: kind.aliases,
    summary: `Delete one ${kind.title}`,
    arguments: [{ name: "NAME", completes: kind.kind }],
    flags: [ignoredApplication],
    examples: [`dispatch ${group} ${kind.word} NAME`],
    load: async () => (await import("./others.ts")).deleter(kind),
  };
}

const deadLetter: Command = {
  name: "deadletter",
  aliases: ["dead-letter"],
  summary: "Throw away what could not be done",
  arguments: [{ name: "ID" }],
  examples: ["dispatch delete deadletter ID"],
  load: async () => (await import("./others.ts")).deleteDeadLetter,
};

/** `dispatch delete`. */
export const deleteGroup: Command = {
  name: "delete",
  summary: "Delete resources",
  childWord: "resource type",
  flags: [file, workDir, dryRun],
  examples: ["dispatch delete function hello", "dispatch delete -f all-resources.yaml"],
  commands: [...resourceKinds.map((kind) => deleteCommand(kind, "delete")), seedCommand("delete"), deadLetter],
  load: async () => (await import("./files.ts")).batch("delete"),
};
