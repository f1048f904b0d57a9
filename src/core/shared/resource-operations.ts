/** The five operations that every named resource has; a contract says only what is its own. */
import type { TSchema } from "typebox";
import type { Action, Operation } from "./contract.ts";
import { pageQuery } from "./schemas.ts";

export type Verb = "create" | "list" | "get" | "update" | "delete";

export type ResourceOperations = Readonly<Record<Verb, Operation>>;

export interface ResourceContract {
  /** What `iam.authorize` calls it, and its path segment in policies. */
  readonly resource: string;
  readonly path: string;
  /** The name of the path parameter; it appears in validation messages. */
  readonly parameter: string;
  /** As in sentences: `base image`. */
  readonly word: string;
  readonly schema: TSchema;
  /** Query parameters of the list besides paging. */
  readonly filters?: Readonly<Record<string, TSchema>>;
  /** Success codes where they are not 201 for create and 200 for all else (server.md section 2). */
  readonly success?: Partial<Readonly<Record<Verb, number>>>;
  /** Sentences for the documentation where the usual one does not say enough. */
  readonly summaries?: Partial<Readonly<Record<Verb, string>>>;
}

const actions: Readonly<Record<Verb, Action>> = {
  create: "create",
  list: "get",
  get: "get",
  update: "update",
  delete: "delete",
};

const methods = { create: "POST", list: "GET", get: "GET", update: "PUT", delete: "DELETE" } as const;

/** The operations of one kind of resource. */
export function resourceOperations(contract: ResourceContract): ResourceOperations {
  const { schema, filters } = contract;
  const list = { query: { type: "object", properties: { ...pageQuery.properties, ...filters } } };
  return {
    create: { ...base(contract, "create"), body: schema, response: schema },
    list: { ...base(contract, "list"), ...list, response: { type: "array", items: schema } },
    get: { ...base(contract, "get"), response: schema },
    update: { ...base(contract, "update"), body: schema, response: schema },
    delete: { ...base(contract, "delete"), ...(contract.success?.delete === 204 ? {} : { response: schema }) },
  };
}

function base({ resource, path, parameter, word, success, summaries }: ResourceContract, verb: Verb): Operation {
  const collection = verb === "create" || verb === "list";
  const plural = verb === "list" ? `${word}s` : `${/^[aeio]/.test(word) ? "an" : "a"} ${word}`;
  return {
    method: methods[verb],
    path: collection ? path : `${path}/{${parameter}}`,
    permission: { resource, action: actions[verb] },
    success: success?.[verb] ?? (verb === "create" ? 201 : 200),
    summary: summaries?.[verb] ?? `${verb === "update" ? "Replace" : capital(verb)} ${plural}`,
  };
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
