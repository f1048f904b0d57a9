/** `create`, `update` and `apply`: the same arguments and flags for the same kind. */
import { type Command, type Context, command } from "../frame/context.ts";
import { application, type Kind } from "../kinds/kind.ts";
import { resourceKinds } from "../kinds/kinds.ts";
import { printDone, printNotes } from "../output/print.ts";
import { isObject } from "../output/shape.ts";
import { batch } from "./batch.ts";
import { dryRun, files, wait, waiting, workDir } from "./flags.ts";
import { seedCommand } from "./seed.ts";
import { send } from "./send.ts";
import { readyOrReason } from "./wait.ts";

const words = {
  create: { title: "Create", message: "created" },
  update: { title: "Replace", message: "updated" },
} as const;

/** `create <kind> ...` and `update <kind> ...` below one of the groups. */
export function writeCommand(kind: Kind, verb: "create" | "update", group: string): Command {
  const { draft, examples, ...form } = kind.writing;
  return command({
    ...form,
    name: kind.word,
    aliases: kind.aliases,
    summary: `${words[verb].title} one ${kind.title}`,
    flags: { ...form.flags, ...waitFlags(kind) },
    examples: examples.map((example) => `dispatch ${group} ${example}`),
    run: async ({ flags, ...context }) => {
      const body = await draft({ ...context, flags });
      const answer = await send(context, kind, verb, body);
      const resource = isObject(answer) ? answer : body;
      const message = kind.messages[words[verb].message];
      const waits = flags.wait === true;
      if (!waits || context.format === "table") await printDone(context, kind, message, resource);
      printNotes(context, kind, resource);
      if (verb === "create") await kind.made?.(context, resource);
      return waits ? waited(context, kind, message, String(resource.name), String(flags["wait-timeout"])) : 0;
    },
  });
}

/** The time-out of a function is its own. */
function waitFlags({ hasStatus, writing }: Kind): Partial<typeof waiting> {
  if (!hasStatus) return {};
  return "timeout" in writing.flags ? wait : waiting;
}

/** Waits for the resource; as an object it is printed in its last state only. */
async function waited(context: Context, kind: Kind, message: string, name: string, limit: string): Promise<number> {
  const { resource, problem } = await readyOrReason(context, kind, name, limit);
  if (context.format !== "table") await printDone(context, kind, message, resource);
  if (problem === undefined) return 0;
  context.io.stderr(`${problem}\n`);
  return 1;
}

const batchFlags = { ...files, ...workDir, ...dryRun, ...waiting };

/** `dispatch create`. */
export const create = command({
  name: "create",
  summary: "Create resources",
  childWord: "resource type",
  flags: { ...batchFlags, ...application },
  examples: ["dispatch create -f all-resources.yaml --wait", "dispatch create secret slack slack.json"],
  commands: [...resourceKinds.map((kind) => writeCommand(kind, "create", "create")), seedCommand("create")],
  run: ({ flags, ...context }) => batch(context, "create", flags),
});

/** `dispatch update`. */
export const update = command({
  name: "update",
  summary: "Replace resources that exist",
  childWord: "resource type",
  flags: batchFlags,
  examples: ["dispatch update -f all-resources.yaml", "dispatch update function hello hello.js --image nodejs"],
  commands: resourceKinds.map((kind) => writeCommand(kind, "update", "update")),
  run: ({ flags, ...context }) => batch(context, "update", flags),
});

/** `dispatch apply`. */
export const apply = command({
  name: "apply",
  summary: "Create resources, or replace those that exist",
  childWord: "resource type",
  flags: batchFlags,
  examples: ["dispatch apply -f all-resources.yaml --wait", "dispatch apply seed-images"],
  commands: [seedCommand("apply")],
  run: ({ flags, ...context }) => batch(context, "apply", flags),
});
