/** `create`, `update`, `apply` and `delete`: the same arguments and flags for the same kind. */
import { needed } from "../../../frame/command.ts";
import { UsageError } from "../../../frame/errors.ts";
import { spanMilliseconds } from "../../../frame/spans.ts";
import { type Command, command } from "../context/context.ts";
import { application, type Kind } from "../kinds/kind.ts";
import { iamCommand, resourceKinds } from "../kinds/kinds.ts";
import { send } from "../kinds/resources.ts";
import { printDone, printNotes } from "../output/print.ts";
import { fileVerb } from "./batch.ts";
import { deleteDeadLetter } from "./dead-letters.ts";
import { dryRun, ignoredApplication, wait, waiting } from "./flags.ts";
import { seedCommand } from "./seed.ts";
import { readyOrReason } from "./wait.ts";

export function writeCommand(kind: Kind, verb: "create" | "update", group: string): Command {
  return command({
    name: kind.word,
    aliases: kind.aliases,
    summary: `${verb === "create" ? "Create" : "Replace"} one ${kind.title}`,
    arguments: kind.arguments,
    ...(kind.ignoresExtra && { ignoresExtra: true }),
    flags: { ...kind.flags, ...waitFlags(kind) },
    examples: kind.examples.map((example) => `dispatch ${group} ${example}`),
    run: async ({ flags, ...context }) => {
      const { name } = flags as { readonly name?: unknown };
      if (verb === "update" && "name" in kind.flags && name === undefined)
        throw new UsageError(`--name is needed: it says which ${kind.title} is replaced`);
      const [waits, limit] = [flags.wait === true, String(flags["wait-timeout"])];
      // What is wrong with it is said before anything is sent.
      if (waits) spanMilliseconds("wait-timeout", limit);
      const sent = await send(context, kind, verb, await kind.draft({ ...context, flags }));
      const message = kind.messages[`${verb}d`];
      const isText = context.format === "table";
      // As an object it is printed once, in its last state.
      if (isText || !waits) await printDone(context, kind, message, sent);
      printNotes(context, kind, sent);
      if (verb === "create") await kind.made?.(context, sent);
      if (!waits) return 0;
      const { resource, problem } = await readyOrReason(context, kind, String(sent.name), limit);
      if (!isText) await printDone(context, kind, message, resource);
      if (problem !== undefined) context.io.stderr(`${problem}\n`);
      return problem === undefined ? 0 : 1;
    },
  });
}

/** The time-out of a function is its own. */
function waitFlags({ hasStatus, flags }: Kind): Partial<typeof waiting> {
  if (!hasStatus) return {};
  return "timeout" in flags ? wait : waiting;
}

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

const sending = { ...dryRun, ...waiting };

const creating = { ...sending, ...application };

export const create = fileVerb("create", creating, {
  summary: "Create resources",
  examples: ["dispatch create -f all-resources.yaml --wait", "dispatch create secret slack slack.json"],
  commands: [...resourceKinds.map((kind) => writeCommand(kind, "create", "create")), seedCommand("create")],
  elsewhere: iamCommand("create"),
});

export const update = fileVerb("update", sending, {
  summary: "Replace resources that exist",
  examples: ["dispatch update -f all-resources.yaml", "dispatch update function hello hello.js --image nodejs"],
  commands: resourceKinds.map((kind) => writeCommand(kind, "update", "update")),
});

export const apply = fileVerb("apply", sending, {
  summary: "Create resources, or replace those that exist",
  examples: ["dispatch apply -f all-resources.yaml --wait", "dispatch apply seed-images"],
  commands: [seedCommand("apply")],
});

export const deleteGroup = fileVerb("delete", dryRun, {
  summary: "Delete resources",
  examples: ["dispatch delete function hello", "dispatch delete -f all-resources.yaml"],
  commands: [...resourceKinds.map((kind) => deleteCommand(kind, "delete")), seedCommand("delete"), deleteDeadLetter],
  elsewhere: iamCommand("delete"),
});
