/** From a request to a `Call`: header, then path, query and body in alphabetical order of their names (server.md 2.2). */
import type { FastifyRequest } from "fastify";
import type { TSchema } from "typebox";
import type { Operation } from "../../core/shared/contract.ts";
import { DispatchError } from "../../core/shared/errors.ts";
import { refuseDeep } from "../../core/shared/json-depth.ts";
import { lineAndColumn } from "../../core/shared/json-place.ts";
import { type Fields, parseBody, repeatedName } from "../../core/shared/json-text.ts";
import type { Principal } from "../../core/shared/principal.ts";
import { pathName, uuid } from "../../core/shared/schemas.ts";
import { isHungUp } from "../heard-response.ts";
import { fieldsOf } from "./normalize.ts";
import type { Call } from "./route.ts";
import { bodyValidator, parameterValidator } from "./validate.ts";

/** What the steps find: values by name, and the body. */
interface Found {
  readonly query: Record<string, unknown>;
  body: unknown;
}

type Step = (request: FastifyRequest, found: Found) => void;

/** Prepares the checks of one operation. `maxJsonDepth`: levels to which a body may nest. */
export function binderOf(
  operation: Operation,
  maxJsonDepth: number,
): (request: FastifyRequest, principal: Principal) => Call {
  const steps = [...pathSteps(operation), ...querySteps(operation), ...bodySteps(operation, maxJsonDepth)]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ step }) => step);
  return (request, principal) => {
    const organization = organizationOf(request, operation);
    const found: Found = { query: {}, body: undefined };
    for (const step of steps) step(request, found);
    const path = request.params as Record<string, string>;
    const { query, body } = found;
    const gone = (): boolean => isHungUp(request.raw);
    return { principal, organization, path, query, body, text: textOf(request), headers: request.headers, gone };
  };
}

/** Paths of endpoints begin with the organization: a slash in its name would reach into another one's. */
const ORGANIZATION = /^[\w-][\w.-]*$/;

function organizationOf({ headers }: FastifyRequest, operation: Operation): string {
  const organization = headers["x-dispatch-org"];
  if (typeof organization !== "string" || organization === "") {
    if (operation.organization === "optional") return "";
    throw new DispatchError("REQUIRED", { field: "X-Dispatch-Org", place: "header" });
  }
  if (ORGANIZATION.test(organization)) return organization;
  throw new DispatchError("PATTERN", { message: `X-Dispatch-Org in header should match '${ORGANIZATION.source}'` });
}

interface NamedStep {
  readonly name: string;
  readonly step: Step;
}

function pathSteps({ path, parameters }: Operation): NamedStep[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => {
    const validate = parameterValidator(name, "path", parameters?.[name] ?? (name === "runName" ? uuid : pathName));
    return { name, step: (request) => void validate((request.params as Record<string, string>)[name]) };
  });
}

interface QuerySchema {
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
}

function querySteps({ query }: Operation): NamedStep[] {
  const { properties = {}, required = [] } = (query ?? {}) as QuerySchema;
  return Object.entries(properties).map(([name, schema]) => {
    const validate = parameterValidator(name, "query", schema);
    return {
      name,
      step: (request, found) => {
        const value = validate((request.query as Record<string, unknown>)[name]);
        if (value !== undefined && value !== "") found.query[name] = value;
        else if (required.includes(name)) throw new DispatchError("REQUIRED", { field: name, place: "query" });
      },
    };
  });
}

function bodySteps({ body, path, ownValue }: Operation, maxJsonDepth: number): NamedStep[] {
  if (body === undefined) return [];
  const name = path.startsWith("/v1/secret") ? "secret" : "body";
  const validate = bodyValidator(body, name);
  const fields = fieldsOf(body);
  const parse = (text: string): unknown => {
    const value = parseBody(text, name);
    if (ownValue !== true) refuseRepeated(text, fields);
    return validate(value);
  };
  return [{ name, step: bodyStep(parse, path === "/v1/runs", name, maxJsonDepth) }];
}

const LONGEST_KEY = 100;

/** The last value would be taken in silence. @throws REPEATED_NAME */
function refuseRepeated(text: string, fields: Fields): void {
  const repeated = repeatedName(text, fields);
  if (repeated === undefined) return;
  const [key, again] = [quoted(repeated.name), quoted(repeated.again)];
  const as = again === key ? "" : ` as ${again}`;
  throw new DispatchError("REPEATED_NAME", { key, as, place: lineAndColumn(text, repeated.at) });
}

function quoted(key: string): string {
  return JSON.stringify(key.slice(0, LONGEST_KEY));
}

function bodyStep(parse: (text: string) => unknown, isRun: boolean, name: string, maxJsonDepth: number): Step {
  return (request, found) => {
    const text = textOf(request);
    refuseDeep(text, maxJsonDepth, "the request body");
    if (text !== "") found.body = parse(text);
    else
      throw isRun
        ? new DispatchError("INVALID_PAYLOAD")
        : new DispatchError("REQUIRED", { field: name, place: "body" });
  };
}

function textOf(request: FastifyRequest): string {
  return typeof request.body === "string" ? request.body : "";
}
