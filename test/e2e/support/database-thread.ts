/** The thread of a server's embedded database, which a test can end as a fault of its own would. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { controlFolder } from "../../../src/backup/control-path.ts";
import type { ServerProcess } from "./server.ts";
import { until } from "./until.ts";

const spy = `process.once("worker", (worker) => process.on("SIGUSR2", () => worker.terminate()))`;

/** For a server whose thread is to be ended: its first one is the database's. */
export const mortalThread = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(spy)}` };

/** The start is over: its last step opens the control socket. */
export async function startIsOver({ dataDir }: ServerProcess): Promise<void> {
  await until("the start is over", () => existsSync(join(controlFolder(dataDir), "dispatch.sock")) || undefined);
}

export function endDatabaseThread({ pid }: ServerProcess): void {
  process.kill(pid, "SIGUSR2");
}
