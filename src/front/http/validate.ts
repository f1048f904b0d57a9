/** Validation of parameters and bodies against the contracts, with the codes and words of server.md 2.3. */
import Ajv, { type ErrorObject } from "ajv";
import formats from "ajv-formats";
import type { TSchema } from "typebox";
import { DispatchError } from "../../core/shared/errors.ts";
import { normalizerOf } from "./normalize.ts";

const ajv = new Ajv.default({ strict: false, allErrors: true, verbose: true, logger: false });
formats.default(ajv, ["uuid", "uri", "date-time"]);

/** Returns the value in the contract's own spelling. @throws DispatchError for the first violation. */
export type Validate = (value: unknown) => unknown;

/** For bodies. `bodyName` is what messages call it. */
export function bodyValidator(schema: TSchema, bodyName = "body"): Validate {
  const normalize = normalizerOf(schema as object);
  const validate = ajv.compile(schema);
  return (value) => {
    const normalized = normalize(value);
    if (!validate(normalized)) throw bodyError(firstError(validate.errors ?? []), bodyName);
    return normalized;
  };
}

/** For path and query parameters: texts that may stand for numbers or lists. */
export function parameterValidator(name: string, place: "path" | "query", schema: TSchema): Validate {
  const { type } = schema as { type?: string };
  const validate = ajv.compile(schema);
  return (value) => {
    if (value === undefined) return undefined;
    const converted = type === "integer" ? integer(name, place, value) : type === "array" ? [value].flat() : value;
    if (!validate(converted)) throw parameterError(firstError(validate.errors ?? []), name, place, value);
    return converted;
  };
}

function integer(name: string, place: string, value: unknown): number {
  if (typeof value === "string" && /^-?\d+$/.test(value)) return Number(value);
  const message = `${name} in ${place} must be of type int64: ${JSON.stringify(value)}`;
  throw new DispatchError("INVALID_TYPE", { message });
}

/** The original checks the fields of an object in alphabetical order. */
function firstError(errors: readonly ErrorObject[]): ErrorObject {
  const byField = (error: ErrorObject): string => fieldOf(error);
  const [first] = [...errors].sort((a, b) => (byField(a) < byField(b) ? -1 : 1));
  return first as ErrorObject;
}

function fieldOf({ instancePath, keyword, params }: ErrorObject): string {
  const path = instancePath.slice(1).replaceAll("/", ".");
  return keyword === "required" ? [path, params.missingProperty].filter(Boolean).join(".") : path;
}

function bodyError(error: ErrorObject, bodyName: string): DispatchError {
  if (error.keyword !== "type") return constraintError(error, fieldOf(error), "body", error.data);
  const cause = `json: cannot unmarshal ${kindOf(error.data)} into field ${fieldOf(error) || bodyName} of type ${error.params.type}`;
  return new DispatchError("MALFORMED_BODY", { body: bodyName, cause });
}

function parameterError(error: ErrorObject, name: string, place: string, value: unknown): DispatchError {
  if (error.keyword !== "format") return constraintError(error, name, place, value);
  const message = `${name} in ${place} must be of type ${error.params.format}: ${JSON.stringify(value)}`;
  return new DispatchError("INVALID_TYPE", { message });
}

function constraintError(error: ErrorObject, field: string, place: string, value: unknown): DispatchError {
  const { params, parentSchema } = error;
  const shown = JSON.stringify(value)?.slice(0, 200) ?? "";
  switch (error.keyword) {
    case "required":
      return new DispatchError("REQUIRED", { field, place });
    case "pattern":
      return new DispatchError("PATTERN", { message: patternMessage(parentSchema, field, place, params.pattern) });
    case "enum":
      return new DispatchError("ENUM", { field, place, allowed: (params.allowedValues as string[]).join(" ") });
    case "maxLength":
      return new DispatchError("TOO_LONG", { field, place, limit: params.limit });
    case "minLength":
      return new DispatchError("TOO_SHORT", { field, place, limit: params.limit });
    case "format":
      return new DispatchError("INVALID_TYPE", {
        message: `${field} in ${place} must be of type ${params.format}: ${shown}`,
      });
    default:
      return new DispatchError("INVALID_TYPE", { message: `${field} in ${place} ${error.message ?? "is not valid"}` });
  }
}

function patternMessage(schema: unknown, field: string, place: string, pattern: string): string {
  const { patternMessage: own } = schema as { patternMessage?: string };
  return own ?? `${field} in ${place} should match '${pattern}'`;
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
}
