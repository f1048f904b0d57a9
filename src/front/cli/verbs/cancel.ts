import { runOperations } from "../../../core/runs/contract.ts";
import { needed } from "../../../frame/command.ts";
import { command } from "../context/context.ts";

export const cancel = command({
  name: "cancel",
  summary: "Cancel a run: one that has begun is ended, one that waits is withdrawn and leaves no record",
  arguments: [needed("RUN_ID", "run")],
  examples: ["dispatch cancel 2830d337-0e8f-4713-b6fe-3b332b63f451"],
  run: async ({ args: [runName = ""], client, io }) => {
    const { status } = await client.call(runOperations.cancelRun, { path: { runName } });
    io.stdout(status === "ERROR" ? `Cancelled run: ${runName}\n` : `Withdrawn run: ${runName}\n`);
  },
});
