/** What a run is about, in a table: the title that the function gave, else the first of what it was called with. */
import { isObject, type JsonObject } from "../output/json.ts";

const LONGEST = 40;
/** Their values may be secret, and a table is shown around. */
const PRIVATE = /token|secret|passw|key|credential|auth|signature|cookie/i;

export function runTitle(run: JsonObject): string {
  const line = String(run.title ?? wordsOf(run.input))
    .replaceAll(/\s+/g, " ")
    .trim();
  const letters = Array.from(line);
  return letters.length > LONGEST ? `${letters.slice(0, LONGEST - 3).join("")}...` : line;
}

function wordsOf(input: unknown): string {
  if (!isObject(input)) return Array.isArray(input) ? input.map(wordOf).join(" ") : wordOf(input);
  // As chat commands arrive.
  if (typeof input.command === "string" && typeof input.text === "string") return `${input.command} ${input.text}`;
  const shown = Object.entries(input).filter(([name, value]) => !PRIVATE.test(name) && wordOf(value) !== "");
  return shown.map(([name, value]) => `${name}=${wordOf(value)}`).join(" ");
}

function wordOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}
