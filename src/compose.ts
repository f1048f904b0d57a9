/** The composition root: settings -> adapters -> core -> front. It alone knows everybody; no rule of the domain lives here. */
import { randomUUID } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { createAcme } from "./adapters/acme/acme.ts";
import { createFolderBlobs } from "./adapters/blobs/folder.ts";
import { createLocalBuilder } from "./adapters/builder/local.ts";
import { newestShape } from "./adapters/db/migrate.ts";
import { openSqlite } from "./adapters/db/sqlite.ts";
import { createKeyFile } from "./adapters/keys/key-file.ts";
import { createPrograms } from "./adapters/programs/sandboxed.ts";
import { createSandbox } from "./adapters/runtime/process/create-sandbox.ts";
import { createProcessRuntime } from "./adapters/runtime/process/runtime.ts";
import { openControl } from "./backup/control.ts";
import { holdable } from "./backup/held-blobs.ts";
import { Apis } from "./core/apis/service.ts";
import { type Application, applicationKind } from "./core/applications/contract.ts";
import { keyedAudit } from "./core/audit/audit.ts";
import { Refusals } from "./core/audit/refusals.ts";
import { SEAL_FILE_NAME } from "./core/audit/seals.ts";
import { Audit } from "./core/audit/service.ts";
import { DiskRoom } from "./core/capacity/disk-room.ts";
import { Deliveries } from "./core/events/deliveries.ts";
import { DriverFleet } from "./core/events/driver-fleet.ts";
import { DriverTypes } from "./core/events/driver-types.ts";
import { Drivers } from "./core/events/drivers.ts";
import { Events } from "./core/events/events.ts";
import { Subscriptions } from "./core/events/subscriptions.ts";
import { Artefacts } from "./core/functions/artefacts.ts";
import { Schemas } from "./core/functions/schema/schemas.ts";
import { Functions } from "./core/functions/service.ts";
import { administratorToken } from "./core/iam/administrator-token.ts";
import { Identity } from "./core/iam/identity.ts";
import { BaseImages } from "./core/images/base-images.ts";
import { Images } from "./core/images/images.ts";
import { Pool } from "./core/pool/pool.ts";
import { ForgottenRuns } from "./core/retention/forgotten-runs.ts";
import { Pace } from "./core/retention/pace.ts";
import { Retention } from "./core/retention/retention.ts";
import { Runs } from "./core/runs/service.ts";
import { Secrets } from "./core/secrets/service.ts";
import type { Database } from "./core/shared/ports.ts";
import { State } from "./core/state/service.ts";
import { ChangeFeed } from "./core/store/change-feed.ts";
import { Follower } from "./core/store/follower.ts";
import { PlainResources } from "./core/store/plain-resources.ts";
import { DeadLetters } from "./core/work/dead-letters.ts";
import { WorkQueue } from "./core/work/queue.ts";
import { openFront } from "./front/front.ts";
import { createMetrics } from "./metrics.ts";
import type { Settings } from "./settings/definitions.ts";
import {
  authOf,
  challengeKinds,
  databaseFile,
  dataFolder,
  functionCeilings,
  gatewayHosts,
  maxWorkers,
  networkSettings,
  portOfApi,
  postgresAddress,
  storeBounds,
} from "./settings/derived.ts";
import { serverNames } from "./settings/server-names.ts";
import { VitalsWatch } from "./vitals.ts";

/** A server that runs. */
export interface DispatchServer {
  /** What it listens on, by name: `api`, `apiTls`, `gateway`, `gatewayTls`. */
  readonly addresses: Readonly<Record<string, string>>;
  /** From now on /healthz says that functions cannot run, and why. */
  failing(problem: string): void;
  /** Takes no new work, lets running calls end within the grace, records the rest, and closes everything. */
  stop(): Promise<void>;
}

/** How long a stop waits for what remains to be recorded, in milliseconds. */
const SETTLE_MS = 5000;

/** So long /healthz tells that the database is lost before the process ends, in milliseconds. */
const TELL_MS = 1000;

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

/** Names this server in leases, also after a restart. */
async function serverId(folder: string): Promise<string> {
  const path = join(folder, "server-id");
  if (!existsSync(path)) await writeFile(path, `${randomUUID()}\n`, { mode: 0o600 });
  return (await readFile(path, "utf8")).trim();
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
  const { openPostgres } = await import("./adapters/db/postgres/postgres.ts");
  const database = await openPostgres(address);
  const refuse = async (): Promise<void> => {
    throw new Error("this server keeps its database in PostgreSQL: use pg_dump");
  };
  return { database, snapshot: refuse };
}

/** @throws Error with a sentence for whoever starts it: a port in use, a database in use, a key that does not fit. */
export async function startServer(settings: Settings, log: Logger): Promise<DispatchServer> {
  const folder = dataFolder(settings);
  const databasePath = databaseFile(settings);
  const keyPath = join(folder, "master.key");
  const apiPort = await portOfApi(settings);
  const door = {
    port: apiPort,
    names: serverNames(settings, apiPort),
    connection: (...args: Parameters<typeof front.door>) => front.door(...args),
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
  const blobs = holdable(createFolderBlobs(join(folder, "blobs")), (error) =>
    log.warn({ err: error }, "a source that nobody needs could not be removed"),
  );
  const builder = createLocalBuilder({
    folder: join(folder, "images"),
    sandbox,
    log,
    network: networkSettings(settings).functions === "host" ? "host" : "isolated",
  });
  const runtime = createProcessRuntime({
    sandbox,
    maxLogBytes: settings["max-log-bytes"],
    maxOutputBytes: settings["max-output-bytes"],
    defaultNetwork: networkSettings(settings).functions,
    log,
  });

  const feed = new ChangeFeed();
  const identity = new Identity(database, feed, authOf(settings) === "none");
  const shared = { database, feed, iam: identity.iam, log };
  const audit = new Audit({
    ...shared,
    key: auditKey,
    file: join(folder, SEAL_FILE_NAME),
    anchor: settings["audit-anchor"],
  });
  const refusals = new Refusals(database, log);
  const pool = new Pool(
    {
      warmWorkers: settings["warm-workers"],
      maxWorkers: maxWorkers(settings),
      idleTimeout: settings["worker-idle-timeout"],
      maxQueue: settings["max-queue"],
      maxWait: settings["max-wait"],
    },
    runtime,
    blobs,
    log,
  );
  const metrics = createMetrics(pool);
  feed.subscribe("Function", ({ id, generation }) => {
    if (generation === 0) metrics.forget(id);
  });
  const secrets = new Secrets({ ...shared, keys });
  const baseImages = new BaseImages({ ...shared, builder });
  const imageInUse = (digest: string): boolean => functions.usesImage(digest);
  const images = new Images(
    { ...shared, builder, imageInUse, imageGone: (digest) => pool.forgetImage(digest) },
    baseImages,
  );
  const schemas = new Schemas();
  const pace = new Pace();
  const room = new DiskRoom(settings["min-free-bytes"]);
  const forgotten = new ForgottenRuns({ database, pace, wake: (kind) => queue.wake(kind) });
  const functions: Functions = new Functions({
    ...shared,
    schemas,
    images,
    blobs,
    artefacts: new Artefacts(builder, blobs),
    pool,
    forgotten,
    defaultNetwork: networkSettings(settings).functions,
    allowHostNetwork: networkSettings(settings).allowHost,
    ceilings: functionCeilings(settings),
    archiveLimits: { unpackedBytes: settings["max-source-bytes"], entries: 10_000 },
  });
  const apis = new Apis({
    ...shared,
    gatewayOrganization: settings["gateway-organization"],
    gatewayHosts: gatewayHosts(settings),
    functionState: (organization, name) => functions.state(organization, name),
    secretHas: (organization, name, key) => secrets.has(organization, name, key),
  });
  const queue = new WorkQueue({ database, owner: await serverId(folder), log });
  const runs = new Runs({
    ...shared,
    functions,
    secrets,
    pool,
    maxJsonDepth: settings["max-json-depth"],
    maxList: settings["max-list"],
    forgotten: forgotten.ids,
    room,
    doorUrl: `http://127.0.0.1:${door.port}`,
    queue,
    ended: (run) => {
      if (functions.exists(run.organization, run.functionName, run.functionId)) metrics.ran(run);
    },
  });
  const subscriptions = new Subscriptions(shared);
  const driverTypes = new DriverTypes(shared);
  const fleet = new DriverFleet({
    programs: createPrograms({ sandbox, folder: settings["driver-programs"] }),
    network: networkSettings(settings).functions === "host" ? "host" : "isolated",
    endpoint: `127.0.0.1:${door.port}`,
  });
  const drivers = new Drivers({ ...shared, fleet, secrets }, driverTypes);
  const deliveries = new Deliveries({ subscriptions, runs, log });
  const events = new Events({ ...shared, subscriptions, drivers, deliveries, wake: () => queue.wake("delivery") });
  if (isNewKey) await refuseForeignSecrets(database, keyPath);
  await audit.start();
  const follower = new Follower({ database, feed, log });
  await follower.mark();
  const resources = [secrets, baseImages, images, apis, subscriptions, driverTypes, drivers];
  await Promise.all(resources.map((service) => service.load()));
  const applications = new PlainResources<Application>(applicationKind, shared);
  await Promise.all([identity.load(), applications.load()]);
  await forgotten.load();
  await functions.load();
  follower.start();
  const administrator = await administratorToken(database, join(folder, "admin-token"));
  const vitals = new VitalsWatch({ database, dataDir: folder, room, log });
  vitals.addTo(metrics.registry);
  await vitals.start();
  // What a stop or a crash left behind is looked after before anybody can ask for more.
  await runs.endAbandoned();
  const retention = new Retention({ database, pace, bounds: storeBounds(settings) });
  await queue.prepare({
    run: runs.perform,
    delivery: deliveries.perform,
    "forget-runs": forgotten.perform,
    retention: retention.perform,
  });
  const front = await openFront(settings, folder, door.port, {
    services: {
      identity,
      applications,
      secrets,
      baseImages,
      images,
      functions,
      apis,
      runs,
      subscriptions,
      driverTypes,
      drivers,
      events,
      audit,
      state: new State(shared),
      deadLetters: new DeadLetters({ ...shared, wake: (kind) => queue.wake(kind) }),
    },
    refusals,
    isAdministrator: administrator.is,
    proof: administrator.prove,
    metrics: metrics.text,
    vitals: () => vitals.latest,
    room,
    runtime,
    ...(networkSettings(settings).allowHost ? { neighbour: sandbox.neighbour } : {}),
    certificateAuthority: createAcme({
      folder: join(folder, "acme"),
      directoryUrl: settings["lets-encrypt-directory"],
      email: settings["lets-encrypt-email"],
      caFile: settings["lets-encrypt-ca"],
      challenges: challengeKinds(settings),
    }),
    log,
  });
  await retention.start();
  queue.open();
  drivers.start();
  const endControl = await openControl({
    dataDir: folder,
    shape: newestShape,
    snapshot,
    hold: blobs.hold,
    log,
  });

  const stop = async (): Promise<void> => {
    vitals.stop();
    pace.stop();
    await endControl();
    const noDrivers = drivers.stop();
    const left = queue.close(settings["stop-grace"] + SETTLE_MS);
    runs.stop();
    images.stop();
    const drained = front.close(settings["stop-grace"]);
    await pool.close(settings["stop-grace"]);
    await drained;
    schemas.close();
    const unsettled = await runs.settled(SETTLE_MS);
    await left;
    if (unsettled > 0)
      log.warn({ runs: unsettled }, "runs whose end could not be recorded in time are left to the next start");
    await noDrivers;
    await runtime.close();
    await sandbox.close();
    await follower.stop();
    await refusals.stop();
    await audit.stop();
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
