/** Resources of any kind, on the server. */
import type { Verb } from "../../../core/shared/resource-operations.ts";
import { unlessMissing } from "../../client/errors.ts";
import type { Context } from "../context/context.ts";
import { isObject, type JsonObject, objectOf, objectsOf } from "../output/json.ts";
import type { Kind } from "./kind.ts";

type Writing = "create" | "update" | "delete";

function ask({ client }: Context, kind: Kind, verb: Verb, name: string, body?: JsonObject): Promise<unknown> {
  const operation = kind.operations[verb];
  const hole = /\{(\w+)\}/.exec(operation.path)?.[1];
  return client.call(operation, { path: hole === undefined ? {} : { [hole]: name }, body });
}

export async function fetchOne(context: Context, kind: Kind, name: string): Promise<JsonObject> {
  return objectOf(await ask(context, kind, "get", name));
}

/** The same; undefined when there is none of that name. */
export async function findOne(context: Context, kind: Kind, name: string): Promise<JsonObject | undefined> {
  return unlessMissing(fetchOne(context, kind, name));
}

export async function fetchAll({ client }: Context, kind: Kind): Promise<JsonObject[]> {
  return objectsOf(await client.all(kind.operations.list));
}

/** The server's answer, else what was sent: of a deleted secret it says nothing. */
export async function send(context: Context, kind: Kind, verb: Writing, body: JsonObject): Promise<JsonObject> {
  const answer = await ask(context, kind, verb, String(body.name), verb === "delete" ? undefined : body);
  return isObject(answer) ? answer : body;
}

/** Replaces it, or creates it when there is none. */
export async function put(context: Context, kind: Kind, body: JsonObject): Promise<JsonObject> {
  return (await unlessMissing(send(context, kind, "update", body))) ?? send(context, kind, "create", body);
}
