/** The OpenAPI 3.1 description of the REST API, derived from the contracts: what is mounted is what is described. */
import type { TSchema } from "typebox";
import type { Operation } from "../../core/shared/contract.ts";
import { pathName, uuid } from "../../core/shared/schemas.ts";
import { wireSchema } from "./openapi-schema.ts";

interface Parameter {
  readonly name: string;
  readonly in: "header" | "path" | "query";
  readonly required: boolean;
  readonly description?: string;
  readonly schema: object;
}

const errorSchema = {
  type: "object",
  description: "What went wrong. The code is the HTTP status; under 422 it is a validation code from 601 to 606.",
  required: ["code", "message"],
  properties: { code: { type: "integer" }, message: { type: "string" } },
};

const description = `Dispatch runs functions. Every call names its organization in the header \`X-Dispatch-Org\` and carries
\`Authorization: Bearer <token>\`, or any \`Cookie\` where the server asks for no authentication.
In requests \`null\` stands for everything empty, keys may have any letter case, and unknown keys are ignored.`;

/** The whole document. `version` is the server's. */
export function openApiDocument(operations: readonly Operation[], version: string): object {
  const names = schemaNames(operations);
  return {
    openapi: "3.1.0",
    info: { title: "Dispatch", version, description, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }, { cookie: [] }],
    tags: [...new Set(operations.map(tagOf))].sort().map((name) => ({ name })),
    paths: pathsOf(operations, names),
    components: {
      schemas: { Error: errorSchema, ...componentsOf(names) },
      responses: Object.fromEntries(Object.keys(refusals).map((status) => [nameOf(status), refusal(status)])),
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        cookie: { type: "apiKey", in: "cookie", name: "session" },
      },
    },
  };
}

/** The schemas that have an item route, by the name of its path parameter: `{functionName}` is of a Function. */
function schemaNames(operations: readonly Operation[]): Map<TSchema, string> {
  const items = operations.filter(({ method, path, response }) => method === "GET" && response && path.endsWith("}"));
  return new Map(items.map(({ path, response }) => [response as TSchema, capital(parameterOf(path))]));
}

function parameterOf(path: string): string {
  return (/\{(\w+)\}$/.exec(path)?.[1] ?? "").replace(/Name$/, "");
}

function componentsOf(names: ReadonlyMap<TSchema, string>): Record<string, object> {
  return Object.fromEntries([...names].map(([schema, name]) => [name, wireSchema(schema)]));
}

function pathsOf(operations: readonly Operation[], names: ReadonlyMap<TSchema, string>): Record<string, object> {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: describe(operation, names),
    };
  }
  return paths;
}

function describe(operation: Operation, names: ReadonlyMap<TSchema, string>): object {
  const { body, summary, anonymous } = operation;
  return {
    operationId: operationId(operation, names),
    tags: [tagOf(operation)],
    summary,
    ...(anonymous ? { security: [] } : {}),
    parameters: [...headerParameters(operation), ...pathParameters(operation), ...queryParameters(operation)],
    ...(body === undefined ? {} : { requestBody: { required: true, content: json(reference(body, names)) } }),
    responses: responsesOf(operation, names),
  };
}

function tagOf({ permission }: Operation): string {
  return permission.resource;
}

/** `createFunction`, `listRuns`, `getHome` ...: the action, and what it is about. */
function operationId(operation: Operation, names: ReadonlyMap<TSchema, string>): string {
  const { method, path, permission, response, body } = operation;
  const listed = itemsOf(response);
  const name = names.get(listed ?? body ?? response ?? {}) ?? capital(parameterOf(path));
  if (name === "") return permission.action + (pathWords(path) || "Root");
  // `POST /v1/runs/{runName}/replay` makes a run in a way of its own.
  const way = method === "POST" ? /\}\/(\w+)$/.exec(path)?.[1] : undefined;
  if (way !== undefined) return way + name;
  return listed === undefined ? permission.action + name : `list${name.replace(/y$/, "ie")}s`;
}

function pathWords(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "v1")
    .map(capital)
    .join("");
}

function itemsOf(schema: TSchema | undefined): TSchema | undefined {
  return (schema as { items?: TSchema } | undefined)?.items;
}

function headerParameters({ organization, headers }: Operation): Parameter[] {
  const schema = { type: "string", minLength: 1 };
  const required = organization !== "optional";
  const own = Object.entries(propertiesOf(headers)).map(([name, property]) => ({
    name,
    in: "header" as const,
    required: false,
    schema: wireSchema(property),
  }));
  return [{ name: "X-Dispatch-Org", in: "header", required, description: "The organization", schema }, ...own];
}

function pathParameters({ path, parameters }: Operation): Parameter[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: wireSchema(parameters?.[name] ?? (name === "runName" ? uuid : pathName)),
  }));
}

function queryParameters({ query }: Operation): Parameter[] {
  const { required = [] } = (query ?? {}) as { required?: readonly string[] };
  return Object.entries(propertiesOf(query)).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema: wireSchema(schema),
  }));
}

function propertiesOf(schema: TSchema | undefined): Readonly<Record<string, TSchema>> {
  return (schema as { properties?: Readonly<Record<string, TSchema>> } | undefined)?.properties ?? {};
}

function responsesOf(operation: Operation, names: ReadonlyMap<TSchema, string>): Record<string, object> {
  const { success, alsoSuccess, response } = operation;
  const content = response === undefined ? {} : { content: json(reference(response, names)) };
  const done = { description: "Done", ...content, ...pageHeaders(operation) };
  const statuses = [success, ...(alsoSuccess === undefined ? [] : [alsoSuccess])];
  return {
    ...Object.fromEntries(statuses.map((status) => [status, done])),
    ...Object.fromEntries([...refusalsOf(operation), "default"].map((status) => [status, refused(String(status))])),
  };
}

function pageHeaders({ query }: Operation): object {
  if (!("cursor" in propertiesOf(query))) return {};
  const header = { description: "The `cursor` of the next page, if there is one", schema: { type: "string" } };
  return { headers: { "X-Dispatch-Next-Cursor": header } };
}

const refusals: Readonly<Record<string, string>> = {
  400: "The request cannot be understood or makes no sense",
  401: "Who is calling is not known",
  403: "The caller may not do this",
  404: "There is nothing of that name",
  409: "The name is taken, or somebody else was faster",
  413: "The body is too large",
  415: "The body is not JSON",
  422: "A parameter or a field of the body is missing or malformed",
  429: "Too much to do: try again after a while",
  default: "Another error",
};

function refusalsOf({ path, method, body, anonymous }: Operation): number[] {
  const named = path.includes("{") || path === "/v1/runs";
  return [
    400,
    ...(anonymous ? [] : [401, 403]),
    ...(named ? [404] : []),
    ...(method === "POST" || method === "PUT" ? [409] : []),
    ...(body === undefined ? [] : [413, 415]),
    422,
    ...(path === "/v1/runs" && method === "POST" ? [429] : []),
  ];
}

function refusal(status: string): object {
  const retry = { "Retry-After": { description: "Seconds", schema: { type: "integer" } } };
  return {
    description: refusals[status],
    ...(status === "429" ? { headers: retry } : {}),
    content: json({ $ref: "#/components/schemas/Error" }),
  };
}

function nameOf(status: string): string {
  return status === "default" ? "Refused" : `Refused${status}`;
}

function refused(status: string): object {
  return { $ref: `#/components/responses/${nameOf(status)}` };
}

function reference(schema: TSchema, names: ReadonlyMap<TSchema, string>): object {
  const name = names.get(schema);
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  const items = itemsOf(schema);
  return items === undefined ? wireSchema(schema) : { type: "array", items: reference(items, names) };
}

function json(schema: object): object {
  return { "application/json": { schema } };
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
