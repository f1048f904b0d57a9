import type { Handler } from "../command.ts";
import { argument } from "../context.ts";
import { printDone } from "../output/print.ts";
import { isObject } from "../output/shape.ts";
import { itemPath, type Kind } from "../resources/kind.ts";

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
