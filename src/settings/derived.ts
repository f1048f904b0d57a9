/** What follows from several settings together, or from the machine. */
import { createServer } from "node:net";
import { availableParallelism, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { usualDataFolder } from "../core/shared/data-folder.ts";
import { isLoopback } from "../core/shared/loopback.ts";
import { makeFolders } from "../core/shared/make-folders.ts";
import { messageOf } from "../core/shared/message-of.ts";
import type { NetworkKind } from "../core/shared/ports.ts";
import { SettingError } from "./convert.ts";
import type { Settings } from "./definitions.ts";

/** Where the data folder is, or would be. @throws SettingError when no folder is named and the user has none */
export function dataFolderPath(settings: Settings): string {
  if (settings["data-dir"]) return resolve(settings["data-dir"]);
  const usual = usualDataFolder(process.env);
  if (usual !== undefined) return resolve(usual);
  throw new SettingError("HOME is not set and this user has no entry in /etc/passwd: name the folder with --data-dir");
}

/** Where the database is, or would be. */
export function databaseFile(settings: Settings): string {
  return resolve(settings["db-file"] || join(dataFolderPath(settings), "dispatch.db"));
}

/** Where older entries of the audit log go. */
export function auditArchive(settings: Settings): string {
  return resolve(settings["audit-archive"] || join(dataFolderPath(settings), "audit"));
}

/** The address of the PostgreSQL database that is to be used instead of the file. @throws SettingError */
export function postgresAddress({ db }: Settings): string | undefined {
  if (db === "" || /^postgres(ql)?:\/\//.test(db)) return db || undefined;
  throw new SettingError(`--db is ${JSON.stringify(db)}: expected postgres://user@host/name`);
}

/** What stands behind the defaults that depend on the machine or on other settings. */
export function effective(settings: Settings): Settings {
  return {
    ...settings,
    "data-dir": dataFolderPath(settings),
    "db-file": databaseFile(settings),
    auth: authOf(settings),
    "gateway-host": settings["gateway-host"] || settings.host,
    "max-workers": maxWorkers(settings),
    "max-function-memory": functionCeilings(settings).memory,
    "max-function-cpu": functionCeilings(settings).cpu,
  };
}

/** The data folder, made 0700 when it is new. @throws SettingError */
export function dataFolder(settings: Settings): string {
  const folder = dataFolderPath(settings);
  try {
    makeFolders(folder, 0o700);
  } catch (error) {
    throw new SettingError(`cannot make the data folder ${folder}: ${messageOf(error)}`);
  }
  return folder;
}

/** `none` is the default only while nobody else can reach the API (decisions 15). */
export function authOf(settings: Settings): "none" | "token" {
  if (settings.auth !== "") return settings.auth as "none" | "token";
  return isLoopback(settings.host) ? "none" : "token";
}

/** How a certificate authority can check our name: over plain HTTP first where port 80 is ours, else in a TLS handshake first. */
export function challengeKinds(settings: Settings): readonly ("http-01" | "tls-alpn-01")[] {
  if (settings["disable-http"]) return ["tls-alpn-01"];
  const onPort80 = settings.port === 80 || settings["gateway-port"] === 80;
  return onPort80 ? ["http-01", "tls-alpn-01"] : ["tls-alpn-01", "http-01"];
}

/** The organization of each host name that was given away. @throws SettingError for a malformed or repeated NAME=ORGANIZATION */
export function gatewayHosts(settings: Settings): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const text of settings["gateway-hosts"]) {
    const [, host, organization] = /^([^=\s]+)=([\w-][\w.-]*)$/.exec(text) ?? [];
    if (host === undefined || organization === undefined)
      throw new SettingError(`--gateway-hosts is ${JSON.stringify(text)}: expected NAME=ORGANIZATION`);
    const key = host.toLowerCase();
    const other = owners.get(key);
    if (other !== undefined && other !== organization)
      throw new SettingError(`--gateway-hosts gives ${host} to two organizations: ${other} and ${organization}`);
    owners.set(key, organization);
  }
  return owners;
}

/** Origins of pages that may call the API. @throws SettingError for what is none */
export function allowedOrigins(settings: Settings): ReadonlySet<string> {
  return new Set(settings["allow-origin"].map(originOf));
}

function originOf(text: string): string {
  const origin = URL.canParse(text) ? new URL(text).origin : "null";
  if (origin !== "null" && /^https?:\/\/[^/]+\/?$/i.test(text)) return origin;
  throw new SettingError(`--allow-origin is ${JSON.stringify(text)}: expected an origin such as http://localhost:3000`);
}

export interface NetworkSettings {
  readonly functions: NetworkKind;
  readonly allowHost: boolean;
  readonly hostServices: readonly { readonly host: string; readonly port: number }[];
}

/** @throws SettingError for a malformed HOST:PORT */
export function networkSettings(settings: Settings): NetworkSettings {
  const functions = settings["function-network"] as NetworkKind;
  const hostServices = settings["allow-host-service"].map(hostService);
  return { functions, allowHost: settings["allow-host-network"] || functions === "host", hostServices };
}

function hostService(text: string): { host: string; port: number } {
  const [, host = "", port = ""] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  if (isLoopback(host) && Number(port) > 0 && Number(port) < 65536)
    return { host: host === "localhost" ? "127.0.0.1" : host, port: Number(port) };
  throw new SettingError(
    `--allow-host-service is ${JSON.stringify(text)}: expected a loopback address and port such as 127.0.0.1:5432`,
  );
}

const WORKER_MEBIBYTES = 96;

/** Half of the machine's memory, at what an ordinary worker takes. */
export function maxWorkers(settings: Settings): number {
  if (settings["max-workers"] > 0) return settings["max-workers"];
  return Math.max(4, Math.min(512, Math.floor(totalmem() / 2 / 1024 / 1024 / WORKER_MEBIBYTES)));
}

const LEAST_PROCESSORS = 4;

/** What a function may ask for at most: mebibytes, processors, processes, workers, milliseconds. */
export function functionCeilings(settings: Settings) {
  return {
    memory: settings["max-function-memory"] || Math.max(32, Math.floor(totalmem() / 1024 / 1024)),
    cpu: settings["max-function-cpu"] || Math.max(LEAST_PROCESSORS, availableParallelism()),
    pids: settings["max-function-pids"],
    disk: settings["max-function-disk"],
    concurrency: settings["max-function-concurrency"],
    minWarm: settings["max-function-min-warm"],
    timeout: settings["max-function-timeout"],
  };
}

/** What the store keeps; 0 is no bound. Ages are in milliseconds. */
export function storeBounds(settings: Settings) {
  return {
    runAge: settings["keep-runs"],
    runsPerFunction: settings["keep-runs-per-function"],
    runsPerOrganization: settings["keep-runs-per-organization"],
    letterAge: settings["keep-dead-letters"],
    eventAge: settings["keep-events"],
    auditAge: settings["keep-audit"],
  };
}

/** The API's port; a free one is chosen before the listener opens because sandboxes must know it. */
export function portOfApi(settings: Settings): Promise<number> {
  if (settings.port !== 0) return Promise.resolve(settings.port);
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, settings.host, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
