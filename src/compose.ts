import type { Logger } from "pino";
import { newestShape } from "./adapters/db/migrate.ts";
import { openControl } from "./backup/control.ts";
import { openAdapters } from "./compose/adapters.ts";
import { openCore } from "./compose/core.ts";
import { openWaysIn } from "./compose/front.ts";
import type { Settings } from "./settings/definitions.ts";

/** A server that runs. */
export interface DispatchServer {
  /** What it listens on, by name: `api`, `apiTls`, `gateway`, `gatewayTls`. */
  readonly addresses: Readonly<Record<string, string>>;
  /** From now on /healthz says that functions cannot run, and why. */
  failing(problem: string): void;
  /** Takes no new work, lets running calls end within the grace, records the rest, and closes everything. */
  stop(): Promise<void>;
}

/** So long /healthz tells that the database is lost before the process ends, in milliseconds. */
const TELL_MS = 1000;

/** @throws Error with a sentence for whoever starts it: a port in use, a database in use, a key that does not fit. */
export async function startServer(settings: Settings, log: Logger): Promise<DispatchServer> {
  const adapters = await openAdapters(settings, log, (...args) => front.door(...args));
  const core = await openCore(settings, adapters, log);
  const front = await openWaysIn(settings, adapters, core, log);
  await core.begin(front.driverUrl);
  const { folder: dataDir, database, snapshot, blobs } = adapters;
  const endControl = await openControl({ dataDir, shape: newestShape, snapshot, hold: blobs.hold, log });
  const stop = async (): Promise<void> => {
    core.rest();
    await endControl();
    await core.end(() => front.close(settings["stop-grace"]));
    await adapters.close();
    await core.close();
    await database.close();
  };
  // Nobody catches it: what ends the process in order does, once whoever watches could hear why.
  void database.lost.then(async (error) => {
    front.failing(`the database is lost: ${error.message}`);
    await new Promise((resolve) => setTimeout(resolve, TELL_MS));
    throw error;
  });
  return { addresses: front.addresses, failing: front.failing, stop };
}
