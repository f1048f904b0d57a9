import type { Handler } from "../frame/command.ts";
import type { Context } from "../frame/context.ts";
import { draftOf } from "../kinds/draft.ts";
import { itemPath, type Kind } from "../kinds/kind.ts";
import { printDone, printNotes } from "../output/print.ts";
import { isObject, type JsonObject } from "../output/shape.ts";
import { readyOrReason } from "./wait.ts";

/** `create <kind> ...` and `update <kind> ...`. */
export function writer(kind: Kind, verb: "create" | "update"): Handler {
  return async (context) => {
    const body = await draftOf(kind, context);
    const answer = await send(context, kind, verb, body);
    const resource = isObject(answer) ? answer : body;
    const message = verb === "create" ? kind.messages.created : kind.messages.updated;
    if (!context.flags.on("wait") || context.format === "table") await printDone(context, kind, message, resource);
    printNotes(context, kind, resource);
    return context.flags.on("wait") ? waited(context, kind, message, String(resource.name)) : 0;
  };
}

/** Sends one resource with its verb. @throws ApiError, TransportError */
export function send(context: Context, kind: Kind, verb: "create" | "update", body: JsonObject): Promise<unknown> {
  const operation = kind.operations[verb];
  return context.client.call(operation, { path: itemPath(operation, String(body.name)), body });
}

/** Waits for the resource; as an object it is printed in its last state only. */
async function waited(context: Context, kind: Kind, message: string, name: string): Promise<number> {
  const { resource, problem } = await readyOrReason(context, kind, name);
  if (context.format !== "table") await printDone(context, kind, message, resource);
  if (problem === undefined) return 0;
  context.io.stderr(`${problem}\n`);
  return 1;
}
