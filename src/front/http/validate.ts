/** Validation of parameters and bodies against the contracts, with the codes and words of server.md 2.3. */
import Ajv, { type ErrorObject, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import type { TSchema } from "typebox";
import { DispatchError } from "../../core/shared/errors.ts";
import { normalizerOf } from "./normalize.ts";

/** Ends at the first violation: half a million of them must not cost more than one. */
const ajv = validators(false);
/** Finds all, so that the one is told which clients expect first. */
const thorough = validators(true);
const isDateTime = atFirstUse(ajv, { type: "string", format: "date-time" });

function validators(allErrors: boolean): Ajv.default {
  const made = new Ajv.default({ strict: false, allErrors, verbose: true, logger: false });
  formats.default(made, ["uuid", "uri", "date-time"]);
  /** Times of events: the empty text stands for 1970. */
  made.addFormat("event-time", (text: string) => text === "" || isDateTime()(text) === true);
  return made;
}

/** Compiled when the first request needs it: all at once would be most of the server's start. */
function atFirstUse(compiler: Ajv.default, schema: TSchema): () => ValidateFunction {
  let validate: ValidateFunction | undefined;
  return () => {
    validate ??= compiler.compile(schema);
    return validate;
  };
}

/** The violations of a value, if it has any: all of them, unless it is too large to look for more than one. */
function violationsOf(schema: TSchema): (value: unknown) => readonly ErrorObject[] | undefined {
  const [one, all] = [atFirstUse(ajv, schema), atFirstUse(thorough, schema)];
  return (value) => {
    const first = one();
    if (first(value)) return undefined;
    if (!isSmall(value)) return first.errors ?? [];
    const every = all();
    every(value);
    return every.errors ?? [];
  };
}

const SMALL = 1000;

/** Whether a value has at most a thousand parts; looks at no more of it than that. */
function isSmall(value: unknown): boolean {
  const waiting = [value];
  for (let seen = 0; seen <= SMALL; seen++) {
    if (waiting.length === 0) return true;
    const next = waiting.pop();
    if (typeof next !== "object" || next === null) continue;
    if (Array.isArray(next) && next.length > SMALL) return false;
    waiting.push(...Object.values(next).slice(0, SMALL + 1));
  }
  return false;
}

/** Returns the value in the contract's own spelling. @throws DispatchError for the first violation. */
export type Validate = (value: unknown) => unknown;

/** For bodies. `bodyName` is what messages call it. */
export function bodyValidator(schema: TSchema, bodyName = "body"): Validate {
  const normalize = normalizerOf(schema as object);
  const violations = violationsOf(schema);
  return (value) => {
    const normalized = normalize(value);
    const errors = violations(normalized);
    if (errors !== undefined) throw bodyError(firstError(errors), bodyName);
    return normalized;
  };
}

/** For path and query parameters: texts that may stand for numbers or lists. */
export function parameterValidator(name: string, place: "path" | "query", schema: TSchema): Validate {
  const { type } = schema as { type?: string };
  const violations = violationsOf(schema);
  return (value) => {
    if (value === undefined) return undefined;
    const converted = type === "integer" ? integer(name, place, value) : type === "array" ? [value].flat() : value;
    const errors = violations(converted);
    if (errors !== undefined) throw parameterError(firstError(errors), name, place, value);
    return converted;
  };
}

function integer(name: string, place: string, value: unknown): number {
  if (typeof value === "string" && /^-?\d{1,19}$/.test(value) && isInt64(BigInt(value))) return exact(Number(value));
  const message = `${name} in ${place} must be of type int64: ${JSON.stringify(value)}`;
  throw new DispatchError("INVALID_TYPE", { message });
}

/** No time, place or version is beyond these; a number that is rounded up would be past what databases hold. */
function exact(value: number): number {
  return Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

/** What cannot be decoded comes before all else; then the original checks the fields of an object in alphabetical order. */
function firstError(errors: readonly ErrorObject[]): ErrorObject {
  const byField = (a: ErrorObject, b: ErrorObject): number => (fieldOf(a) < fieldOf(b) ? -1 : 1);
  const decoding = errors.filter(isDecoding);
  const [first] = [...(decoding.length > 0 ? decoding : errors)].sort(byField);
  return first as ErrorObject;
}

/** Clients of a typed language could not even read it. */
function isDecoding({ keyword, params }: ErrorObject): boolean {
  return keyword === "type" || (keyword === "format" && params.format === "event-time");
}

function fieldOf({ instancePath, keyword, params }: ErrorObject): string {
  const path = instancePath.slice(1).replaceAll("/", ".");
  return keyword === "required" ? [path, params.missingProperty].filter(Boolean).join(".") : path;
}

function bodyError(error: ErrorObject, bodyName: string): DispatchError {
  if (!isDecoding(error)) return constraintError(error, fieldOf(error), "body", error.data);
  const field = fieldOf(error) || bodyName;
  const cause =
    error.keyword === "format"
      ? `${field} is no RFC 3339 time: ${JSON.stringify(error.data).slice(0, 200)}`
      : `json: cannot unmarshal ${kindOf(error.data)} into field ${field} of type ${error.params.type}`;
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
      // A text that must not be empty is one that must be there.
      if (params.limit === 1) return new DispatchError("REQUIRED", { field, place });
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
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
}
