/** All ways in: the listeners of API and gateway, plain and TLS, and the function door. */

import type { Socket } from "node:net";
import type { Logger } from "pino";
import type { Refusals } from "../core/audit/refusals.ts";
import type { DiskRoom } from "../core/capacity/disk-room.ts";
import type { RunRecord } from "../core/runs/record.ts";
import { EVERYWHERE } from "../core/shared/iam.ts";
import { isLoopback } from "../core/shared/loopback.ts";
import type { CertificateAuthority, Runtime } from "../core/shared/ports.ts";
import type { Principal } from "../core/shared/principal.ts";
import type { Settings } from "../settings/definitions.ts";
import { allowedOrigins, authOf } from "../settings/derived.ts";
import { versionInfo } from "../version.ts";
import { pathOfDriver } from "./gateway/driver-address.ts";
import { createGateway } from "./gateway/gateway.ts";
import type { GatewayPorts, RunResult } from "./gateway/ports.ts";
import { GuessBrake } from "./guess-brake.ts";
import { administrator, type DoorConnection } from "./http/access.ts";
import { routesOf, type Services } from "./http/routes.ts";
import { type Api, createApi } from "./http/server.ts";
import { type Listener, type ListenOptions, listen, type Front as Mounted, serveAccepted } from "./listen.ts";
import { fewFilesWarning } from "./open-files.ts";
import { openTls, type Tls } from "./tls/open-tls.ts";

export interface FrontPorts {
  readonly services: Services;
  isAdministrator(token: string): boolean;
  /** Proves that the administrator's token is known here. */
  proof(text: string): string;
  metrics(): Promise<string>;
  /** What stands in /healthz besides. */
  vitals(): object;
  readonly room: DiskRoom;
  readonly runtime: Runtime;
  /** Who calls a listener from a sandbox on the host's own network; absent where none is. */
  neighbour?(socket: Socket): Promise<{ readonly organization: string; readonly name?: string } | undefined>;
  readonly refusals: Refusals;
  readonly certificateAuthority: CertificateAuthority;
  readonly log: Logger;
}

export interface Front {
  readonly addresses: Readonly<Record<string, string>>;
  /** A connection from inside an organization's network; `worker` finds the id of the worker at its other end. */
  door(socket: Socket, organization: string, worker: () => Promise<string | undefined>): void;
  /** Where the gateway has a driver that is called from outside, in the old form (server.md 6.3). */
  driverUrl(organization: string, name: string): string | undefined;
  /** From now on /healthz tells this problem. */
  failing(problem: string): void;
  close(graceMs: number): Promise<void>;
}

/** Opens everything that the settings ask for. @throws Error when an address cannot be had. */
export async function openFront(
  settings: Settings,
  dataDir: string,
  apiPort: number,
  ports: FrontPorts,
): Promise<Front> {
  warnOfOpenDoors(settings, ports.log);
  const checked = watchRuntime(ports);
  let failure: string | undefined;
  const listeners: Record<string, Listener> = {};
  const health = (): object => ({
    functions: failure === undefined ? checked() : { ready: false, problems: [failure] },
    gateway: { http: listeners.gateway?.port, https: listeners.gatewayTls?.port },
  });
  const api = await openApi(settings, ports, health);
  const gateway = createGateway(
    {
      trustedProxies: settings["trusted-proxies"],
      maxBodyBytes: settings["max-body-bytes"],
      maxAnswerBytes: settings["max-output-bytes"],
      maxJsonDepth: settings["max-json-depth"],
    },
    gatewayPorts(ports),
  );
  const { certificateAuthority: authority, log } = ports;
  const tls = settings["enable-tls"] ? await openTls(settings, { dataDir, authority, log }) : undefined;
  for (const { name, words, mounted, options } of wantedListeners(settings, apiPort, api, gateway, tls)) {
    const listener = await listen(mounted, { ...options, setting: portSettings[name] });
    listeners[name] = listener;
    ports.log.info(`${words} ${listener.address}`);
  }
  const endTls = await tls?.keepFresh();
  const doorServer = serveAccepted(api.listener);
  return {
    addresses: Object.fromEntries(Object.entries(listeners).map(([name, { address }]) => [name, address])),
    door: (socket, organization, worker) => {
      api.markDoor(socket, { organization, run: () => callerAt(ports.services, worker) });
      doorServer.emit("connection", socket);
    },
    driverUrl: (organization, name) => {
      const { gateway: plain, gatewayTls: secure } = listeners;
      const listener = plain ?? secure;
      const scheme = plain === undefined ? "https" : "http";
      return listener && `${scheme}://0.0.0.0:${listener.port}${pathOfDriver({ organization, name })}`;
    },
    failing: (problem) => {
      failure = problem;
    },
    close: async (graceMs) => {
      endTls?.();
      await Promise.all(Object.values(listeners).map((listener) => listener.close(graceMs)));
    },
  };
}

/** A function on the host's own network has the API itself before it: there, too, it is no more than a function. */
function neighbourDoor({ services, neighbour }: FrontPorts) {
  if (neighbour === undefined) return {};
  return {
    neighbour: async (socket: Socket): Promise<DoorConnection | undefined> => {
      const found = await neighbour(socket);
      return found && { organization: found.organization, run: () => callerAt(services, async () => found.name) };
    },
  };
}

/** The run that a worker is busy with, or an event driver. */
async function callerAt(
  { runs, drivers }: Pick<Services, "runs" | "drivers">,
  resident: () => Promise<string | undefined>,
): Promise<Principal | undefined> {
  const id = await resident();
  return id === undefined ? undefined : (runs.byWorker(id) ?? drivers.atDoor(id));
}

/** The setting of each listener's port. */
const portSettings = {
  api: "port",
  gateway: "gateway-port",
  apiTls: "tls-port",
  gatewayTls: "gateway-tls-port",
} as const;

interface WantedListener {
  readonly name: keyof typeof portSettings;
  readonly words: string;
  readonly mounted: Mounted;
  readonly options: ListenOptions;
}

function wantedListeners(
  settings: Settings,
  apiPort: number,
  api: Mounted,
  gateway: Mounted,
  tls: Tls | undefined,
): WantedListener[] {
  const { host } = settings;
  const gatewayHost = settings["gateway-host"] || host;
  const apiWords = "Dispatch HTTP server: serving HTTP traffic at";
  const gatewayWords = "API Gateway: serving HTTP traffic at";
  const plain: WantedListener[] = [
    { name: "api", words: apiWords, mounted: api, options: { host, port: apiPort } },
    {
      name: "gateway",
      words: gatewayWords,
      mounted: gateway,
      options: { host: gatewayHost, port: settings["gateway-port"] },
    },
  ];
  if (tls === undefined) return plain;
  const answering = plain.map((wanted) => ({ ...wanted, mounted: withChallenges(wanted.mounted, tls) }));
  const https = (words: string): string => words.replace("HTTP traffic", "HTTPS traffic");
  const secure: WantedListener[] = [
    { name: "apiTls", words: https(apiWords), mounted: api, options: { host, port: settings["tls-port"], tls } },
    {
      name: "gatewayTls",
      words: https(gatewayWords),
      mounted: gateway,
      options: { host: gatewayHost, port: settings["gateway-tls-port"], tls },
    },
  ];
  return settings["disable-http"] ? secure : [...answering, ...secure];
}

/** An authority that checks a name asks over plain HTTP. */
function withChallenges({ listener, stop }: Mounted, { board }: Tls): Mounted {
  return { listener: board.before(listener), stop };
}

function openApi(settings: Settings, ports: FrontPorts, health: () => object): Promise<Api> {
  const { services, log, isAdministrator, metrics, proof, vitals } = ports;
  return createApi({
    routes: routesOf(services, settings["max-list"]),
    access: {
      auth: authOf(settings),
      loopbackOnly: isLoopback(settings.host),
      origins: allowedOrigins(settings),
      isAdministrator,
      runOf: (token) => services.runs.byToken(token),
      accountOf: (token) => services.identity.accountOf(token),
    },
    bodyLimit: settings["max-body-bytes"],
    uploadLimit: settings["max-upload-bytes"],
    maxJsonDepth: settings["max-json-depth"],
    room: ports.room,
    health: () => ({ version: versionInfo, ...health(), audit: services.audit.health(), ...vitals() }),
    refused: (refusal) => ports.refusals.add(refusal),
    metrics: (principal) => {
      services.identity.iam.authorize(principal, { resource: "metrics", action: "get", organization: EVERYWHERE });
      return metrics();
    },
    log,
    ...neighbourDoor(ports),
    brake: new GuessBrake({ log }),
    proof,
  });
}

/** Checks once that functions can run here; what is wrong is said in the log and at /healthz. */
function watchRuntime({ runtime, log }: FrontPorts): () => object {
  let report: object = { checking: true };
  runtime.check().then(
    ({ problems, warnings, limits }) => {
      report = { ready: problems.length === 0, problems, warnings, limits };
      for (const problem of problems) log.error(`functions cannot run: ${problem}`);
      for (const warning of warnings) log.warn(warning);
    },
    (error: Error) => {
      report = { ready: false, problems: [error.message] };
      log.error({ err: error }, "functions cannot run");
    },
  );
  return () => report;
}

function warnOfOpenDoors(settings: Settings, log: Logger): void {
  const few = fewFilesWarning();
  if (few !== undefined) log.warn(few);
  if (authOf(settings) === "none" && !isLoopback(settings.host)) {
    log.warn(`--auth none on ${settings.host}: whoever reaches this address is the administrator`);
  }
  if (settings.sandbox === "none") log.warn("--sandbox none: functions run as this user and see all that it sees");
  if (settings["function-network"] === "host") {
    log.warn(
      "--function-network host: functions reach everything that this machine reaches, also its loopback services",
    );
  }
}

/** The gateway's view of the core. */
function gatewayPorts({ services, isAdministrator, refusals, log }: FrontPorts): GatewayPorts {
  const { runs, secrets, apis, identity, drivers } = services;
  return {
    driver: (organization, name) => drivers.exposed(organization, name),
    run: async (request, principal) => resultOf(await runs.create(principal, request)),
    secret: (organization, name) => secrets.useAtGateway(organization, name),
    verifyToken: async (token) =>
      isAdministrator(token) ? administrator : await identity.accountOf(token).catch(nobody),
    isFirst: (organization, signature) => apis.isFirst(organization, signature),
    refused: ({ organization, name }, status, address) => {
      const principal: Principal = { kind: "anonymous", id: address, organization: "", via: "gateway" };
      refusals.add({ principal, organization, status, request: `endpoint ${name}` });
    },
    endpoints: apis.endpoints,
    now: Date.now,
    log,
  };
}

/** Callers of the gateway are not told the reason. */
function nobody(): undefined {}

function resultOf({ id, status, output, error }: RunRecord): RunResult {
  if (error === undefined) return { runId: id, status, ...(output === undefined ? {} : { output }) };
  return { runId: id, status, error, timedOut: error.timedOut === true };
}
