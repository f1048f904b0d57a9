import type { Handler } from "../frame/command.ts";
import { argument } from "../frame/context.ts";
import { itemPath, type Kind } from "../kinds/kind.ts";
import { printDone } from "../output/print.ts";
import { isObject } from "../output/shape.ts";

/** `delete <kind> NAME`. */
export function deleter(kind: Kind): Handler {
  return async (context) => {
    const name = argument(context, 0);
    const operation = kind.operations.delete;
    const answer = await context.client.call(operation, { path: itemPath(operation, name) });
    // Deleted secrets are not answered with themselves.
    await printDone(context, kind, kind.messages.deleted, isObject(answer) ? answer : { name });
    return 0;
  };
}
