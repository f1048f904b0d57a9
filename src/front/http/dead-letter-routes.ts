import { memberText } from "../../core/shared/json-text.ts";
import type { DeadLetters, LetterPage } from "../../core/work/dead-letters.ts";
import type { deadLetterOperations } from "../../core/work/dead-letters-contract.ts";
import { listAnswer } from "./paging.ts";
import type { Call, Route } from "./route.ts";

export function deadLetterRoutes(operations: typeof deadLetterOperations, letters: DeadLetters): Route[] {
  return [
    {
      operation: operations.listDeadLetters,
      handle: async ({ principal, organization, query }) => {
        const { letters: found, next } = await letters.list(principal, organization, query as LetterPage);
        return listAnswer(found, next);
      },
    },
    { operation: operations.getDeadLetter, handle: async (call) => ({ body: await letters.get(...named(call)) }) },
    {
      operation: operations.editDeadLetter,
      handle: async (call) => ({ body: await letters.edit(...named(call), memberText(call.text, "data") ?? "null") }),
    },
    { operation: operations.retryDeadLetter, handle: async (call) => ({ body: await letters.retry(...named(call)) }) },
    {
      operation: operations.deleteDeadLetter,
      handle: async (call) => ({ body: await letters.delete(...named(call)) }),
    },
  ];
}

function named({ principal, organization, path }: Call): [Call["principal"], string, string] {
  return [principal, organization, path.letter ?? ""];
}
