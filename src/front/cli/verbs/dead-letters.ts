import { deadLetterOperations } from "../../../core/work/dead-letters-contract.ts";
import { argument, type Context } from "../frame/context.ts";
import { UsageError } from "../frame/errors.ts";
import { type KindTable, number, plainStyle, text, textColumn } from "../kinds/kind.ts";
import { printData, printNames, printTable } from "../output/print.ts";
import { isObject, type JsonObject } from "../output/shape.ts";
import { rfc3339 } from "../output/time.ts";
import { factLines, textLines } from "./describe-facts.ts";

const table: KindTable = {
  style: plainStyle,
  columns: [
    textColumn("ID", "name"),
    textColumn("Kind", "kind"),
    textColumn("Attempts", "attempts"),
    { title: "Died", cell: died },
    { title: "Error", cell: (letter) => text(letter, "error").split("\n")[0] ?? "" },
  ],
};

/** `get deadletter [ID]`. */
export async function getDeadLetters(context: Context): Promise<number> {
  const id = argument(context, 0);
  const answer: unknown = await (id === ""
    ? context.client.all(deadLetterOperations.listDeadLetters, { query: { limit: context.flags.integer("limit") } })
    : fetchLetter(context, id));
  const rows = (Array.isArray(answer) ? answer : [answer]).filter(isObject);
  if (context.format === "table") printTable(context, table, rows);
  else if (context.format === "name") printNames(context, rows);
  else await printData(context, answer);
  return 0;
}

/** `describe deadletter ID`: what was to be done, and why it was not. */
export async function describeDeadLetter(context: Context, id: string): Promise<number> {
  const letter = await fetchLetter(context, id);
  if (context.format === "table") context.io.stdout(letterText(letter));
  else await printData(context, letter);
  return 0;
}

/** `retry deadletter ID`. */
export async function retryDeadLetter(context: Context): Promise<number> {
  const [word, letter] = [argument(context, 0), argument(context, 1)];
  if (!isDeadLetterWord(word)) throw new UsageError(`only dead letters can be retried: dispatch retry deadletter ID`);
  await context.client.call(deadLetterOperations.retryDeadLetter, { path: { letter } });
  context.io.stdout(`Retried dead letter: ${letter}\n`);
  return 0;
}

/** `delete deadletter ID`. */
export async function deleteDeadLetter(context: Context): Promise<number> {
  const letter = argument(context, 0);
  await context.client.call(deadLetterOperations.deleteDeadLetter, { path: { letter } });
  context.io.stdout(`Deleted dead letter: ${letter}\n`);
  return 0;
}

export function isDeadLetterWord(word: string): boolean {
  return /^dead-?letters?$/i.test(word);
}

async function fetchLetter(context: Context, letter: string): Promise<JsonObject> {
  const answer: unknown = await context.client.call(deadLetterOperations.getDeadLetter, { path: { letter } });
  return isObject(answer) ? answer : {};
}

function died(letter: JsonObject): string {
  return rfc3339(BigInt(number(letter, "diedTime") ?? 0) * 1_000_000n);
}

function letterText(letter: JsonObject): string {
  const work = isObject(letter.work) ? letter.work : {};
  return factLines([
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
  ]);
}
