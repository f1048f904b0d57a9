import type { Context } from "../frame/context.ts";
import { itemPath, type Kind } from "../kinds/kind.ts";
import type { JsonObject } from "../output/shape.ts";

/** Sends one resource with its verb. @throws ApiError, TransportError */
export function send({ client }: Context, kind: Kind, verb: "create" | "update", body: JsonObject): Promise<unknown> {
  const operation = kind.operations[verb];
  return client.call(operation, { path: itemPath(operation, String(body.name)), body });
}
