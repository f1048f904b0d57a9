import { workerOperations } from "../../../core/pool/contract.ts";
import { optional } from "../../../frame/command.ts";
import { command } from "../context/context.ts";
import { tableOf } from "../kinds/kind.ts";
import { printResources } from "../output/print.ts";
import { duration } from "../output/time.ts";

const table = tableOf({
  Worker: "name",
  Language: "language",
  Function: "functionName",
  State: "state",
  Since: ({ since }) => (since === undefined ? "" : duration(BigInt(String(since)) * 1_000_000n)),
  Memory: ({ memory }) => (memory === undefined ? "" : `${Math.round(Number(memory) / 1024 / 1024)} MiB`),
  Why: "why",
});

export const getWorkers = command({
  name: "worker",
  aliases: ["workers"],
  summary: "Get what is warm, busy and starting, and why: of one function, or all workers",
  arguments: [optional("FUNCTION_NAME", "Function")],
  examples: ["dispatch get workers", "dispatch get workers hello -o json"],
  run: async (context) => {
    const functionName = context.args[0] || undefined;
    const answer = await context.client.call(workerOperations.listWorkers, { query: { functionName } });
    await printResources(context, { table }, answer);
  },
});
