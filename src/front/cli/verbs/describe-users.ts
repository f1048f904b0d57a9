/** Which resources name this one: what breaks when it is changed or deleted. */
import { ApiError } from "../../client/errors.ts";
import type { Context } from "../frame/context.ts";
import { type Kind, list, objects, text } from "../kinds/kind.ts";
import { kindNamed } from "../kinds/kinds.ts";
import { isObject, type JsonObject } from "../output/shape.ts";
import { fetchResources } from "./get.ts";

type Names = (resource: JsonObject, organization: string) => readonly string[];

/** By kind: the kinds that may name it, and the names that one of them holds. */
const users: Readonly<Record<string, Readonly<Record<string, Names>>>> = {
  BaseImage: { Image: (image) => [text(image, "baseImageName")] },
  Image: { Function: (functionResource) => [text(functionResource, "image")] },
  Function: { API: (api) => [text(api, "function")], Subscription: (subscription) => [text(subscription, "function")] },
  Secret: {
    Function: (functionResource) => list(functionResource, "secrets"),
    API: (api) => [text(api, "authenticationSecret")],
    Subscription: (subscription) => list(subscription, "secrets"),
    Driver: (driver) => list(driver, "secrets"),
  },
  DriverType: { Driver: (driver) => [text(driver, "type")] },
  ServiceAccount: {
    Policy: (policy, organization) =>
      objects(policy, "rules").flatMap((rule) =>
        list(rule, "subjects").map((subject) => subject.replace(`${organization}/`, "")),
      ),
  },
};

/** `API cloudmaster`, `Function echo`; what the caller may not read is left out. */
export async function usersOf(context: Context, kind: Kind, resource: JsonObject): Promise<readonly string[]> {
  const name = text(resource, "name");
  const groups = Object.entries(users[kind.kind] ?? {}).map(([user, names]) => usersOfKind(context, name, user, names));
  return (await Promise.all(groups)).flat();
}

async function usersOfKind(context: Context, name: string, user: string, names: Names): Promise<string[]> {
  const all = await readable(context, kindNamed(user));
  const organization = context.settings.organization;
  return all
    .filter((candidate) => names(candidate, organization).includes(name))
    .map((candidate) => `${user} ${text(candidate, "name")}`);
}

async function readable(context: Context, kind: Kind): Promise<JsonObject[]> {
  try {
    const answer = await fetchResources(context, kind, "");
    return Array.isArray(answer) ? answer.filter(isObject) : [];
  } catch (error) {
    if (error instanceof ApiError) return [];
    throw error;
  }
}
