/**
 * What a run shows at the function door: its id, a dot and a random part. It works while the run goes on, and neither a record nor
 * an answer has it, whatever the function returns or prints.
 */
import { randomUUID } from "node:crypto";

const UUID_LENGTH = 36;

export function newRunToken(id: string): string {
  return `${id}.${randomUUID()}`;
}

/** The id of the run that a token claims to be of; undefined when no run can have such a token. */
export function runOfToken(token: string): string | undefined {
  const isRunToken = token.length === 2 * UUID_LENGTH + 1 && token[UUID_LENGTH] === ".";
  return isRunToken ? token.slice(0, UUID_LENGTH) : undefined;
}

/** The text without the token of the run of this id. */
export function withoutToken(id: string, text: string): string {
  return text.includes(id) ? text.replaceAll(new RegExp(`${id}\\.[0-9a-f-]{${UUID_LENGTH}}`, "g"), "***") : text;
}

/** The same for lines; those of most runs stay the array that they are. */
export function linesWithoutToken<Lines extends readonly string[] | null>(id: string, lines: Lines): Lines {
  if (!lines?.some((line) => line.includes(id))) return lines;
  return lines.map((line) => withoutToken(id, line)) as readonly string[] as Lines;
}
