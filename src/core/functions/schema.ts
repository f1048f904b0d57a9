/**
 * JSON Schemas of functions: compiled once at creation, without remote references, with patterns that run in linear time
 * (decisions 18), and with the violations worded as existing clients know them (server.md 4.7).
 */
import Ajv, { type ErrorObject, type Options, type ValidateFunction } from "ajv";
import AjvDraft04 from "ajv-draft-04";
import formats from "ajv-formats";
import { RE2JS } from "re2js";
import { DispatchError } from "../shared/errors.ts";

/** Returns the violations, one line each; empty when the value is valid. */
export type SchemaCheck = (value: unknown) => string[];

const MAX_SCHEMA_BYTES = 64 * 1024;

const linearPatterns = Object.assign(
  (pattern: string, flags: string) => {
    const compiled = RE2JS.compile(pattern, flags.includes("i") ? RE2JS.CASE_INSENSITIVE : 0);
    return { test: (text: string) => compiled.matcher(text).find() };
  },
  { code: "linearPatterns" },
);

const options: Options = {
  strict: false,
  allErrors: true,
  logger: false,
  code: { regExp: linearPatterns as unknown as NonNullable<Options["code"]>["regExp"] & object },
};

/** @throws BAD_REQUEST `could not decode schema.in: ...` for what is no schema, refers elsewhere or is too large. */
export function compileSchema(which: "in" | "out", schema: unknown): SchemaCheck | undefined {
  if (schema === undefined || schema === null) return undefined;
  const text = JSON.stringify(schema);
  if (text.length > MAX_SCHEMA_BYTES) throw refused(which, `it is larger than ${MAX_SCHEMA_BYTES} bytes`);
  try {
    const validate = compile(schema as object);
    return (value) => (validate(value) ? [] : (validate.errors ?? []).map(violation));
  } catch (error) {
    throw refused(which, error instanceof Error ? error.message : String(error));
  }
}

/** Draft 7 first; what only draft 4 allows (`exclusiveMinimum: true`) is read as draft 4. */
function compile(schema: object): ValidateFunction {
  const declared = "$schema" in schema ? String(schema.$schema) : "";
  if (/draft-04/.test(declared)) return draft04(schema);
  const { $schema: _, ...rest } = schema as Record<string, unknown>;
  const ajv = newest();
  return ajv.validateSchema(rest) ? ajv.compile(rest) : draft04(rest);
}

function newest(): Ajv.default {
  const ajv = new Ajv.default(options);
  formats.default(ajv, { mode: "fast" });
  return ajv;
}

function draft04(schema: object): ValidateFunction {
  const ajv = new AjvDraft04.default(options);
  formats.default(ajv, { mode: "fast" });
  return ajv.compile(schema);
}

function refused(which: "in" | "out", cause: string): DispatchError {
  return new DispatchError("BAD_REQUEST", { message: `could not decode schema.${which}: ${cause}` });
}

function violation(error: ErrorObject): string {
  const path = error.instancePath.slice(1).replaceAll("/", ".");
  const { params } = error;
  switch (error.keyword) {
    case "required":
      return `${path}.${params.missingProperty} in body is required`;
    case "pattern":
      return `${path} in body should match '${params.pattern}'`;
    case "type":
      return `${path} in body must be of type ${[params.type].flat().join(" or ")}`;
    case "enum":
      return `${path} in body should be one of [${(params.allowedValues as unknown[]).join(" ")}]`;
    case "minLength":
      return `${path} in body should be at least ${params.limit} chars long`;
    case "maxLength":
      return `${path} in body should be at most ${params.limit} chars long`;
    case "additionalProperties":
      return `${path}.${params.additionalProperty} in body is a forbidden property`;
    default:
      return `${path} in body ${error.message ?? "is not valid"}`;
  }
}
