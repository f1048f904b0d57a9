/** Dead letters, what could not be done: not a kind of batch files, but printed and described like one. */
import { deadLetterOperations } from "../../../core/work/dead-letters-contract.ts";
import type { Context } from "../frame/context.ts";
import { type Fact, textLines } from "../output/facts.ts";
import type { JsonObject } from "../output/shape.ts";
import { rfc3339 } from "../output/time.ts";
import { type KindTable, number, objectOf, plainStyle, text, textColumn } from "./kind.ts";

export const deadLetterAliases: readonly string[] = ["deadletters", "dead-letter", "dead-letters"];

export function isDeadLetterWord(word: string): boolean {
  return /^dead-?letters?$/i.test(word);
}

export const deadLetterTable: KindTable = {
  style: plainStyle,
  columns: [
    textColumn("ID", "name"),
    textColumn("Kind", "kind"),
    textColumn("Attempts", "attempts"),
    { title: "Died", cell: died },
    { title: "Error", cell: (letter) => text(letter, "error").split("\n")[0] ?? "" },
  ],
};

export async function fetchDeadLetter({ client }: Context, letter: string): Promise<JsonObject> {
  return objectOf(await client.call(deadLetterOperations.getDeadLetter, { path: { letter } }));
}

/** What was to be done, and why it was not. */
export function deadLetterFacts(letter: JsonObject): Fact[] {
  const work = objectOf(letter.work);
  return [
    ["ID", [text(letter, "name")]],
    ["Kind", [text(letter, "kind")]],
    ["Died", [died(letter)]],
    ["Attempts", [text(letter, "attempts")]],
    ["Error", textLines(text(letter, "error"))],
    ["Subscription", [text(work, "subscription")]],
    ["Event", [text(work, "eventType")]],
    ["Event ID", [text(work, "eventID")]],
    ["Source", [text(work, "source")]],
    ["Last run", [text(work, "run")]],
    ["Data", textLines(text(work, "input"))],
  ];
}

function died(letter: JsonObject): string {
  return rfc3339(BigInt(number(letter, "diedTime") ?? 0) * 1_000_000n);
}
