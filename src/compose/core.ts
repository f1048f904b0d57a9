/** The core: every concept once, with what it needs, loaded from the database. */
import { join } from "node:path";
import type { Logger } from "pino";
import { Alerts } from "../core/alerts/alerts.ts";
import { AlertWatcher } from "../core/alerts/watcher.ts";
import { watchesOf } from "../core/alerts/watches.ts";
import { Apis } from "../core/apis/service.ts";
import { type Application, applicationKind } from "../core/applications/contract.ts";
import { Refusals } from "../core/audit/refusals.ts";
import { SEAL_FILE_NAME } from "../core/audit/seals.ts";
import { Audit } from "../core/audit/service.ts";
import { DiskRoom } from "../core/capacity/disk-room.ts";
import { Deliveries } from "../core/events/deliveries.ts";
import { endOfRun } from "../core/events/delivery-log.ts";
import { DriverFleet } from "../core/events/driver-fleet.ts";
import { DriverTypes } from "../core/events/driver-types.ts";
import { Drivers } from "../core/events/drivers.ts";
import { EventLog } from "../core/events/event-log-service.ts";
import { EventStreams } from "../core/events/event-stream.ts";
import { Events } from "../core/events/events.ts";
import { Replays } from "../core/events/replay.ts";
import { Schedules } from "../core/events/schedules.ts";
import { Subscriptions } from "../core/events/subscriptions.ts";
import { Artefacts } from "../core/functions/artefacts.ts";
import { Schemas } from "../core/functions/schema/schemas.ts";
import { Functions } from "../core/functions/service.ts";
import { administratorToken } from "../core/iam/administrator-token.ts";
import { Identity } from "../core/iam/identity.ts";
import { BaseImages } from "../core/images/base-images.ts";
import { Images } from "../core/images/images.ts";
import { Pool } from "../core/pool/pool.ts";
import { Workers } from "../core/pool/workers.ts";
import { Collection } from "../core/retention/collection.ts";
import { ForgottenRuns } from "../core/retention/forgotten-runs.ts";
import { Pace } from "../core/retention/pace.ts";
import { Retention } from "../core/retention/retention.ts";
import { Runs } from "../core/runs/service.ts";
import { Secrets } from "../core/secrets/service.ts";
import { State } from "../core/state/service.ts";
import { ChangeFeed } from "../core/store/change-feed.ts";
import { Follower } from "../core/store/follower.ts";
import { PlainResources } from "../core/store/plain-resources.ts";
import { DeadLetters } from "../core/work/dead-letters.ts";
import { WorkQueue } from "../core/work/queue.ts";
import type { Services } from "../front/http/routes.ts";
import { createMetrics } from "../metrics.ts";
import type { Settings } from "../settings/definitions.ts";
import {
  auditArchive,
  authOf,
  functionCeilings,
  gatewayHosts,
  maxWorkers,
  networkSettings,
  storeBounds,
} from "../settings/derived.ts";
import { VitalsWatch } from "../vitals.ts";
import type { Adapters } from "./adapters.ts";
import { serverId } from "./server-id.ts";

/** How long a stop waits for what remains to be recorded, in milliseconds. */
const SETTLE_MS = 5000;

/** @throws Error when what the database holds cannot be taken up. */
export async function openCore(settings: Settings, adapters: Adapters, log: Logger) {
  const { folder, door, keys, auditKey, database, blobs, builder, runtime, programs } = adapters;
  const feed = new ChangeFeed();
  const identity = new Identity(database, feed, authOf(settings) === "none");
  const shared = { database, feed, iam: identity.iam, log };
  const audit = new Audit({
    ...shared,
    key: auditKey,
    file: join(folder, SEAL_FILE_NAME),
    anchor: settings["audit-anchor"],
    archive: auditArchive(settings),
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
  const wake = (kind: string): void => queue.wake(kind);
  const images = new Images({ ...shared, wake, builder }, baseImages);
  const schemas = new Schemas();
  const pace = new Pace();
  const room = new DiskRoom(settings["min-free-bytes"]);
  const forgotten = new ForgottenRuns({ database, pace, wake });
  const functions: Functions = new Functions({
    ...shared,
    wake,
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
  const server = await serverId(folder);
  const queue = new WorkQueue({ database, owner: server, log });
  const runs = new Runs({
    ...shared,
    functions,
    secrets,
    pool,
    maxJsonDepth: settings["max-json-depth"],
    maxList: settings["max-list"],
    forgotten: forgotten.ids,
    room,
    completions: { subscription: (run) => endOfRun(run, server) },
    doorUrl: `http://127.0.0.1:${door.port}`,
    queue,
    ended: (run) => {
      if (functions.exists(run.organization, run.functionName, run.functionId)) metrics.ran(run);
    },
  });
  const subscriptions = new Subscriptions(shared);
  const driverTypes = new DriverTypes(shared);
  let driverUrl: (organization: string, name: string) => string | undefined = () => undefined;
  const fleet = new DriverFleet({
    programs,
    network: networkSettings(settings).functions === "host" ? "host" : "isolated",
    endpoint: `127.0.0.1:${door.port}`,
  });
  const drivers = new Drivers({ ...shared, fleet, secrets, urlOf: (...names) => driverUrl(...names) }, driverTypes);
  const wakeDeliveries = (): void => queue.wake("delivery");
  const mostWaiting = settings["max-waiting-events"];
  const deliveries = new Deliveries({
    ...{ database, subscriptions, runs, wake: wakeDeliveries, log, mostWaiting, server },
    carry: queue.carry.bind(queue),
  });
  feed.subscribe("Function", ({ organization, name }) => deliveries.functionChanged(organization, name));
  feed.subscribe("Subscription", ({ organization, name }) => deliveries.subscriptionChanged(organization, name));
  const events = new Events({
    ...shared,
    subscriptions,
    drivers,
    deliveries,
    heard: () => streams.wake(),
    wake: wakeDeliveries,
  });
  const streams = new EventStreams(database);
  const eventLog = new EventLog({ ...shared, subscriptions, streams, mostWaiting });
  const replays = new Replays({ ...shared, subscriptions, deliveries, pace, wake });
  const alerts = new Alerts({ ...shared, watch: (record) => watcher.watch(record) });
  const watches = watchesOf({ database, drivers });
  const watcher = new AlertWatcher({ database, alerts, watches, runs, wake: () => queue.wake("alert"), log });
  await audit.start();
  const follower = new Follower({ database, feed, log });
  await follower.mark();
  const resources = [secrets, baseImages, images, apis, subscriptions, driverTypes, drivers, alerts];
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
  const retention = new Retention({
    database,
    pace,
    audit,
    bounds: storeBounds(settings),
    kept: ({ organization, functionName }) =>
      functionName === undefined
        ? identity.organizations.find(organization, organization)?.document.keepRuns
        : functions.find(organization, functionName)?.document.keepRuns,
  });
  const collection = new Collection({
    ...{ database, blobs, builder },
    used: () => {
      const { blobs: sources, images: inRevisions } = functions.used();
      return { blobs: new Set(sources), images: new Set([...images.used(), ...inRevisions]) };
    },
    forgetOtherImages: (used) => pool.forgetOtherImages(used),
  });
  await queue.prepare({
    run: runs.perform,
    delivery: deliveries.perform,
    collection: collection.perform,
    image: images.perform,
    deployment: functions.perform,
    replay: replays.perform,
    alert: watcher.perform,
    "forget-runs": forgotten.perform,
    retention: retention.perform,
  });
  const services: Services = {
    identity,
    alerts,
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
    eventLog,
    replays,
    schedules: new Schedules({ database, drivers }),
    audit,
    state: new State(shared),
    workers: new Workers({ iam: identity.iam, pool, runtime }),
    deadLetters: new DeadLetters({ ...shared, wake }),
  };
  /** Everybody can be heard: what waits begins. */
  const begin = async (driverUrlAtGateway: typeof driverUrl): Promise<void> => {
    driverUrl = driverUrlAtGateway;
    await Promise.all([retention.start(), collection.start(), watcher.start()]);
    queue.open();
    drivers.start();
  };
  /** Lets running calls end within the grace and records the rest; `drain` ends when nobody asks any more. */
  const end = async (drain: () => Promise<void>): Promise<void> => {
    const noDrivers = drivers.stop();
    const left = queue.close(settings["stop-grace"] + SETTLE_MS);
    streams.stop();
    runs.stop();
    images.stop();
    functions.stop();
    collection.stop();
    const drained = drain();
    await pool.close(settings["stop-grace"]);
    await drained;
    schemas.close();
    const unsettled = await runs.settled(SETTLE_MS);
    await left;
    if (unsettled > 0)
      log.warn({ runs: unsettled }, "runs whose end could not be recorded in time are left to the next start");
    await noDrivers;
  };
  /** Writes down what is left, once nothing runs any more. */
  const close = async (): Promise<void> => {
    await follower.stop();
    await refusals.stop();
    await audit.stop();
  };
  /** Nothing that only watches or cleans goes on. */
  const rest = (): void => {
    vitals.stop();
    pace.stop();
  };
  return { services, refusals, administrator, metrics, vitals, room, begin, rest, end, close };
}

export type Core = Awaited<ReturnType<typeof openCore>>;
