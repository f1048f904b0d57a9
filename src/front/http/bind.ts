/** From a request to a `Call`: header, then path, query and body in alphabetical order of their names (server.md 2.2). */
import type { FastifyRequest } from "fastify";
import type { TSchema } from "typebox";
import type { Operation } from "../../core/shared/contract.ts";
import { DispatchError } from "../../core/shared/errors.ts";
import { parseBody } from "../../core/shared/json-text.ts";
import { pathName, uuid } from "../../core/shared/schemas.ts";
import { bodyValidator, parameterValidator, type Validate } from "./validate.ts";

/** The parts of a request, checked. */
export interface Bound {
  readonly organization: string;
  readonly path: Record<string, string>;
  readonly query: Record<string, unknown>;
  readonly body: unknown;
  readonly text: string;
}

type Step = (request: FastifyRequest, bound: { query: Record<string, unknown>; body: unknown }) => void;

/** Prepares the checks of one operation. */
export function binderOf(operation: Operation): (request: FastifyRequest) => Bound {
  const steps = [...pathSteps(operation), ...querySteps(operation), ...bodySteps(operation)]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ step }) => step);
  return (request) => {
    const organization = organizationOf(request, operation);
    const bound = { query: {}, body: undefined };
    for (const step of steps) step(request, bound);
    return { organization, path: request.params as Record<string, string>, text: textOf(request), ...bound };
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
      step: (request, bound) => {
        const value = validate((request.query as Record<string, unknown>)[name]);
        if (value !== undefined && value !== "") bound.query[name] = value;
        else if (required.includes(name)) throw new DispatchError("REQUIRED", { field: name, place: "query" });
      },
    };
  });
}

function bodySteps({ body, path }: Operation): NamedStep[] {
  if (body === undefined) return [];
  const name = path.startsWith("/v1/secret") ? "secret" : "body";
  return [{ name, step: bodyStep(bodyValidator(body, name), name, path === "/v1/runs") }];
}

function bodyStep(validate: Validate, name: string, isRun: boolean): Step {
  return (request, bound) => {
    const text = textOf(request);
    if (text !== "") bound.body = validate(parseBody(text, name));
    else
      throw isRun
        ? new DispatchError("INVALID_PAYLOAD")
        : new DispatchError("REQUIRED", { field: name, place: "body" });
  };
}

function textOf(request: FastifyRequest): string {
  return typeof request.body === "string" ? request.body : "";
}
