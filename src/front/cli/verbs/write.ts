/** `create`, `update`, `apply` and `delete`: the same arguments and flags for the same kind. */
import { needed } from "../../../frame/command.ts";
import { UsageError } from "../../../frame/errors.ts";
import { type Command, type Context, command } from "../context/context.ts";
import { application, type Kind } from "../kinds/kind.ts";
import { resourceKinds } from "../kinds/kinds.ts";
import { send } from "../kinds/resources.ts";
import { printDone, printNotes } from "../output/print.ts";
import { fileVerb } from "./batch.ts";
import { deleteDeadLetter } from "./dead-letters.ts";
import { dryRun, ignoredApplication, wait, waiting } from "./flags.ts";
import { seedCommand } from "./seed.ts";
import { checkWait, readyOrReason } from "./wait.ts";

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
      if (flags.wait === true) checkWait(String(flags["wait-timeout"]));
      const resource = await send(context, kind, verb, await kind.draft({ ...context, flags }));
      const message = kind.messages[`${verb}d`];
      const waits = flags.wait === true;
      if (!waits || context.format === "table") await printDone(context, kind, message, resource);
      printNotes(context, kind, resource);
      if (verb === "create") await kind.made?.(context, resource);
      return waits ? waited(context, kind, message, String(resource.name), String(flags["wait-timeout"])) : 0;
    },
  });
}

/** The time-out of a function is its own. */
function waitFlags({ hasStatus, flags }: Kind): Partial<typeof waiting> {
  if (!hasStatus) return {};
  return "timeout" in flags ? wait : waiting;
}

/** Waits for the resource; as an object it is printed in its last state only. */
async function waited(context: Context, kind: Kind, message: string, name: string, limit: string): Promise<number> {
  const { resource, problem } = await readyOrReason(context, kind, name, limit);
  if (context.format !== "table") await printDone(context, kind, message, resource);
  if (problem === undefined) return 0;
  context.io.stderr(`${problem}\n`);
  return 1;
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

export const create = fileVerb(
  "create",
  { ...sending, ...application },
  {
    summary: "Create resources",
    examples: ["dispatch create -f all-resources.yaml --wait", "dispatch create secret slack slack.json"],
    commands: [...resourceKinds.map((kind) => writeCommand(kind, "create", "create")), seedCommand("create")],
  },
);

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
});
