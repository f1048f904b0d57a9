import { deadLetterOperations } from "../../../core/work/dead-letters-contract.ts";
import { needed, optional } from "../../../frame/command.ts";
import { UsageError } from "../../../frame/errors.ts";
import { integer, text } from "../../../frame/flags.ts";
import { command } from "../context/context.ts";
import { deadLetterAliases, deadLetterTable, fetchDeadLetter, isDeadLetterWord } from "../kinds/dead-letter.ts";
import { printResources } from "../output/print.ts";
import { eventData } from "./emit.ts";

export const getDeadLetters = command({
  name: "deadletter",
  aliases: deadLetterAliases,
  summary: "Get what could not be done, such as events that no run could take; or one of it",
  arguments: [optional("ID")],
  flags: { limit: integer("At most so many, the newest") },
  examples: ["dispatch get deadletters", "dispatch get deadletter ID -o json"],
  run: async ({ flags, ...context }) => {
    const [id = ""] = context.args;
    const answer: unknown = await (id === ""
      ? context.client.all(deadLetterOperations.listDeadLetters, { query: { limit: flags.limit } })
      : fetchDeadLetter(context, id));
    await printResources(context, { table: deadLetterTable }, answer);
  },
});

export const retry = command({
  name: "retry",
  summary: "Do again what could not be done",
  arguments: [needed("TYPE", ["deadletter"]), needed("ID")],
  flags: {
    data: text("JSON that takes the place of the event's data"),
    "data-from-file": text("File with such data"),
  },
  examples: ["dispatch retry deadletter ID", `dispatch retry deadletter ID --data '{"vm": "web-1"}'`],
  run: async ({ args: [word = "", letter = ""], client, flags, io }) => {
    if (!isDeadLetterWord(word)) throw new UsageError("only dead letters can be retried: dispatch retry deadletter ID");
    const data = eventData(io, flags);
    if (data !== undefined)
      await client.call(deadLetterOperations.editDeadLetter, { path: { letter }, body: { data } });
    await client.call(deadLetterOperations.retryDeadLetter, { path: { letter } });
    io.stdout(`Retried dead letter: ${letter}\n`);
  },
});

export const deleteDeadLetter = command({
  name: "deadletter",
  aliases: ["dead-letter"],
  summary: "Throw away what could not be done",
  arguments: [needed("ID")],
  examples: ["dispatch delete deadletter ID"],
  run: async ({ args: [letter = ""], client, io }) => {
    await client.call(deadLetterOperations.deleteDeadLetter, { path: { letter } });
    io.stdout(`Deleted dead letter: ${letter}\n`);
  },
});
