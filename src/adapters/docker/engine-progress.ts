/** What the engine tells while it builds or pulls: lines of JSON, of which one may be the failure. */
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";
import { EngineError } from "./engine-error.ts";
import type { EngineBody } from "./engine-http.ts";

interface Message {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly error?: string;
  readonly aux?: { readonly ID?: string };
}

/** Letters of a line that is passed on. */
const LONGEST_LINE = 2000;
/** Lines of the failing step that are told. */
const TOLD_LINES = 40;

/** What the engine says of its own doings, between the lines of a step. */
const OWN = /^ ---> |^Removing intermediate container /;

const STEP = /^Step \d+\/\d+ : /;

/** The output of the step that is going on: what a failure is explained with. */
class LastStep {
  #lines: string[] = [];

  add(line: string): void {
    if (STEP.test(line)) this.#lines = [];
    else if (!OWN.test(line)) this.#lines.push(line);
    if (this.#lines.length > TOLD_LINES) this.#lines.shift();
  }

  get text(): string {
    return this.#lines.join("\n");
  }
}

const linesOf = ({ stream, status, id }: Message): string[] => {
  if (status !== undefined) return [id === undefined ? status : `${id}: ${status}`];
  const lines = stripVTControlCharacters(stream ?? "").split(/[\r\n]+/);
  return lines.filter((line) => line.trim() !== "");
};

/**
 * Follows a build or pull to its end.
 * @returns the id of what was built, when the engine named one.
 * @throws EngineError with the engine's line and the output of the last step.
 */
export const followProgress = async (
  body: EngineBody,
  progress: (line: string) => void,
): Promise<string | undefined> => {
  const step = new LastStep();
  let id: string | undefined;
  for await (const text of createInterface({ input: body, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (text === "") continue;
    const message = JSON.parse(text) as Message;
    if (message.error !== undefined) throw new EngineError(0, [message.error, step.text].join("\n").trim());
    id = message.aux?.ID ?? id;
    for (const line of linesOf(message)) {
      const shown = line.slice(0, LONGEST_LINE);
      step.add(shown);
      progress(shown);
    }
  }
  return id;
};
