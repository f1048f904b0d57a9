/** Violations of a schema in the words that existing clients know (server.md 4.7), and never more than somebody reads. */
import type { ErrorObject } from "ajv";

const MOST = 20;
const LONGEST = 4096;

/** One line each. */
export function violationLines(errors: readonly ErrorObject[]): readonly string[] {
  const lines: string[] = [];
  let left = LONGEST;
  for (const error of errors.slice(0, MOST)) {
    const line = shortened(violation(error), LONGEST);
    left -= line.length + 1;
    if (left < 0 && lines.length > 0) break;
    lines.push(line);
  }
  const more = errors.length - lines.length;
  return more === 0 ? lines : [...lines, `... and ${more} more`];
}

function shortened(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}...`;
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function violation(error: ErrorObject): string {
  const path = shortened(error.instancePath, LONGEST).slice(1).replaceAll("/", ".");
  const { params } = error;
  switch (error.keyword) {
    case "required":
      return `${path}.${params.missingProperty} in body is required`;
    case "pattern":
      return `${path} in body should match '${params.pattern}'`;
    case "type":
      return `${path} in body must be of type ${[params.type].flat().join(" or ")}`;
    case "enum":
      return `${path} in body should be one of [${(params.allowedValues as unknown[]).map(shown).join(" ")}]`;
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
