/** dispatch-server: reads its settings, starts, and stops cleanly on SIGTERM and SIGINT; a second signal forces. */
import { pino } from "pino";
import { startServer } from "./compose.ts";
import { SettingError } from "./settings/convert.ts";
import type { Settings } from "./settings/definitions.ts";
import { helpText } from "./settings/help.ts";
import { readSettings } from "./settings/read.ts";
import { version } from "./version.ts";

async function main(): Promise<void> {
  const invocation = await readSettings(process.argv.slice(2), process.env);
  if (invocation.kind === "start") await serve(invocation.settings);
  else process.stdout.write(invocation.kind === "help" ? helpText() : `dispatch-server ${version}\n`);
}

async function serve(settings: Settings): Promise<void> {
  const log = pino(
    { level: settings.debug ? "debug" : "info", base: null },
    pino.destination({ fd: 1, sync: true }),
  );
  const server = await startServer(settings, log);
  let stopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, "stopping: running calls end first");
    await server.stop();
    log.info("stopped");
    process.exit(0);
  };
  process.on("SIGTERM", (signal) => void stop(signal));
  process.on("SIGINT", (signal) => void stop(signal));
}

main().catch((error: unknown) => {
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `dispatch-server: ${text}\n${error instanceof SettingError ? "See dispatch-server --help.\n" : ""}`,
  );
  process.exit(1);
});
