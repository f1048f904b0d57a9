/** The first JSON value of a body; what follows it is ignored (server.md 5.5). The text stays as the caller wrote it. */
import { endOfValue } from "../../core/shared/json-text.ts";

export interface JsonText {
  readonly text: string;
  readonly value: unknown;
}

/** Undefined when the body does not begin with a JSON value. */
export function firstJsonValue(body: string): JsonText | undefined {
  const text = body.trim();
  return parse(text) ?? parse(text.slice(0, endOfValue(text, 0)));
}

function parse(text: string): JsonText | undefined {
  try {
    return { text, value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
