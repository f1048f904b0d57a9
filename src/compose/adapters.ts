import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import { createFolderBlobs } from "../adapters/blobs/folder.ts";
import { createLocalBuilder } from "../adapters/builder/local.ts";
import { openSqlite } from "../adapters/db/sqlite.ts";
import { createKeyFile } from "../adapters/keys/key-file.ts";
import { createPrograms } from "../adapters/programs/sandboxed.ts";
import { createSandbox } from "../adapters/runtime/process/create-sandbox.ts";
import { doorPorts } from "../adapters/runtime/process/network-plan.ts";
import { createProcessRuntime } from "../adapters/runtime/process/runtime.ts";
import { holdable } from "../backup/held-blobs.ts";
import { keyedAudit } from "../core/audit/audit.ts";
import type { Database } from "../core/shared/ports.ts";
import type { Front } from "../front/front.ts";
import type { Settings } from "../settings/definitions.ts";
import { databaseFile, dataFolder, networkSettings, portOfApi, postgresAddress } from "../settings/derived.ts";
import { serverNames } from "../settings/server-names.ts";
import { openDocker } from "./docker.ts";
import { environmentOf, type RuntimeChoice } from "./environments.ts";
import { guestsIn } from "./guests.ts";
import { serverId } from "./server-id.ts";

/** A new key beside an old database would leave every secret unreadable. */
function refuseLostKey(databasePath: string, keyPath: string): void {
  if (!existsSync(databasePath) || existsSync(keyPath)) return;
  throw new Error(`the master key ${keyPath} is missing, and the secrets in ${databasePath} need it: put it back`);
}

/** The same for a database elsewhere: it shows only when it is open. */
async function refuseForeignSecrets(database: Database, keyPath: string): Promise<void> {
  const kept = database.query.selectFrom("resources").select("name").where("kind", "=", "Secret").limit(1);
  if ((await kept.execute()).length === 0) return;
  rmSync(keyPath);
  throw new Error(`the master key ${keyPath} is missing, and the secrets in the database need it: put it back`);
}

interface OpenedDatabase {
  readonly database: Database;
  /** Writes a consistent copy to an empty file. */
  snapshot(path: string): Promise<void>;
}

async function openDatabase(address: string | undefined, path: string): Promise<OpenedDatabase> {
  if (address === undefined) {
    const database = await openSqlite(path);
    return { database, snapshot: database.snapshot };
  }
  // Whoever keeps everything in the embedded database need not load this.
  const { openPostgres } = await import("../adapters/db/postgres/postgres.ts");
  const database = await openPostgres(address);
  const refuse = async (): Promise<void> => {
    throw new Error("this server keeps its database in PostgreSQL: use pg_dump");
  };
  return { database, snapshot: refuse };
}

/** `connection`: where those who come through the function door are received. */
export async function openAdapters(settings: Settings, log: Logger, connection: Front["door"]) {
  const folder = dataFolder(settings);
  const databasePath = databaseFile(settings);
  const keyPath = join(folder, "master.key");
  const apiPort = await portOfApi(settings);
  const door = {
    port: apiPort,
    names: serverNames(settings, apiPort),
    connection,
  };
  const isNewKey = !existsSync(keyPath);
  const address = postgresAddress(settings);
  if (address === undefined) refuseLostKey(databasePath, keyPath);
  const keys = await createKeyFile(keyPath);
  // First the database: only one server has it, and the sandbox ends what an earlier one left running.
  const { database: opened, snapshot } = await openDatabase(address, databasePath);
  const auditKey = await keys.derive("audit log v1");
  const database = keyedAudit(opened, auditKey);
  const sandbox = await createSandbox({
    mode: settings.sandbox as "bubblewrap" | "none",
    stateDir: join(folder, "run"),
    door,
    allowHostServices: networkSettings(settings).hostServices,
    log,
  });
  const blobs = holdable(createFolderBlobs(join(folder, "blobs")));
  const imagesFolder = join(folder, "images");
  const localBuilder = createLocalBuilder({
    folder: imagesFolder,
    sandbox,
    log,
    network: networkSettings(settings).functions === "host" ? "host" : "isolated",
  });
  const processRuntime = createProcessRuntime({
    sandbox,
    guestOf: guestsIn(sandbox, imagesFolder),
    maxLogBytes: settings["max-log-bytes"],
    maxOutputBytes: settings["max-output-bytes"],
    defaultNetwork: networkSettings(settings).functions,
    log,
  });
  const choice = settings.runtime as RuntimeChoice;
  const docker = choice === "process" ? undefined : await openDocker(settings, await serverId(folder), door, log);
  const process = { builder: localBuilder, runtime: processRuntime };
  const { builder, runtime } = environmentOf({ choice, process, docker });
  if (isNewKey) await refuseForeignSecrets(database, keyPath);
  const programs = createPrograms({
    sandbox,
    folder: settings["driver-programs"],
    containers: docker?.programs,
    socketsFolder: join(folder, "driver-sockets"),
    takenPorts: [...doorPorts(door), ...networkSettings(settings).hostServices.map(({ port }) => port)],
  });
  const close = async (): Promise<void> => {
    await runtime.close();
    await docker?.close();
    await sandbox.close();
  };
  return { folder, door, keys, auditKey, database, snapshot, sandbox, blobs, builder, runtime, programs, close };
}

export type Adapters = Awaited<ReturnType<typeof openAdapters>>;
