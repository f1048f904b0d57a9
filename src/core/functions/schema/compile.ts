/** Compiles JSON Schemas, without remote references, with patterns that run in linear time (decisions 18). */
import Ajv, { type Options, type ValidateFunction } from "ajv";
import AjvDraft04 from "ajv-draft-04";
import formats from "ajv-formats";
import { RE2JS } from "re2js";
import { violationLines } from "./violations.ts";

export interface Validators {
  /** Stops at the first violation. */
  readonly quick: ValidateFunction;
  /** Finds all. */
  readonly thorough: ValidateFunction;
}

const linearPatterns = Object.assign(
  (pattern: string, flags: string) => {
    const compiled = RE2JS.compile(pattern, flags.includes("i") ? RE2JS.CASE_INSENSITIVE : 0);
    return { test: (text: string) => compiled.matcher(text).find() };
  },
  { code: "linearPatterns" },
);

const options: Options = {
  strict: false,
  logger: false,
  // Large parts that are referred to often would be written out each time.
  inlineRefs: 20,
  code: { regExp: linearPatterns as unknown as NonNullable<Options["code"]>["regExp"] & object },
};

/** Each is compiled when it is first needed. @throws Error that says why it is no schema */
export function compileSchema(schema: object): Validators {
  const compiled: { quick?: ValidateFunction; thorough?: ValidateFunction } = {};
  return {
    get quick() {
      compiled.quick ??= compile(schema, false);
      return compiled.quick;
    },
    get thorough() {
      compiled.thorough ??= compile(schema, true);
      return compiled.thorough;
    },
  };
}

/** All that violates the schema, as far as it is told; empty when the value is valid. */
export function violationsOf({ quick, thorough }: Validators, value: unknown): readonly string[] {
  if (quick(value)) return [];
  thorough(value);
  return violationLines(thorough.errors ?? []);
}

/** Draft 7 first; what only draft 4 allows (`exclusiveMinimum: true`) is read as draft 4. */
function compile(schema: object, allErrors: boolean): ValidateFunction {
  const declared = "$schema" in schema ? String(schema.$schema) : "";
  if (/draft-04/.test(declared)) return draft04(schema, allErrors);
  const { $schema: _, ...rest } = schema as Record<string, unknown>;
  const ajv = new Ajv.default({ ...options, allErrors });
  formats.default(ajv, { mode: "fast" });
  return ajv.validateSchema(rest) ? ajv.compile(rest) : draft04(rest, allErrors);
}

function draft04(schema: object, allErrors: boolean): ValidateFunction {
  const ajv = new AjvDraft04.default({ ...options, allErrors });
  formats.default(ajv, { mode: "fast" });
  return ajv.compile(schema);
}
