/** Dead letters, what could not be done: not a kind of batch files, but printed and described like one. */
import { deadLetterOperations } from "../../../core/work/dead-letters-contract.ts";
import type { Context } from "../context/context.ts";
import { textLines } from "../output/facts.ts";
import { type JsonObject, objectOf, text } from "../output/json.ts";
import { millisecondsText } from "../output/time.ts";
import { type Facts, tableOf } from "./kind.ts";

export const deadLetterAliases: readonly string[] = ["deadletters", "dead-letter", "dead-letters"];

export function isDeadLetterWord(word: string): boolean {
  return /^dead-?letters?$/i.test(word);
}

export const deadLetterTable = tableOf({
  ID: "name",
  Kind: "kind",
  Attempts: "attempts",
  Died: died,
  Error: (letter) => text(letter, "error").split("\n")[0] ?? "",
});

export async function fetchDeadLetter({ client }: Context, letter: string): Promise<JsonObject> {
  return objectOf(await client.call(deadLetterOperations.getDeadLetter, { path: { letter } }));
}

/** What was to be done, and why it was not. */
export const deadLetterFacts: Facts = {
  ID: "name",
  Kind: "kind",
  Died: died,
  Attempts: "attempts",
  Error: (letter) => textLines(text(letter, "error")),
  Subscription: ofWork("subscription"),
  Event: ofWork("eventType"),
  "Event ID": ofWork("eventID"),
  Source: ofWork("source"),
  "Last run": ofWork("run"),
  Data: ({ work }) => textLines(text(objectOf(work), "input")),
};

function ofWork(key: string): (letter: JsonObject) => string {
  return ({ work }) => text(objectOf(work), key);
}

function died({ diedTime }: JsonObject): string {
  return millisecondsText(diedTime);
}
