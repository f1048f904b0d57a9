/**
 * How an installer reaches its registry. The settings are those of the server's user, by an allow-list: addresses,
 * proxies and certificates, never credentials, because install scripts are strangers' code and see what the installer sees.
 */
import { existsSync, realpathSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { basename } from "node:path";
import { OwnError } from "../../core/shared/own-error.ts";
import type { NetworkKind } from "../../core/shared/ports.ts";
import type { Bind } from "../runtime/process/sandbox.ts";

export interface RegistrySettings {
  readonly environment: Readonly<Record<string, string>>;
  /** Certificates and package folders that the sandbox does not show anyway. */
  readonly binds: readonly Bind[];
  /** `host` when a registry or proxy is on this machine, where the isolated network does not lead. */
  readonly network: NetworkKind;
  /** Sentences for the log about what could not be handed over as it is. */
  readonly warnings: readonly string[];
}

const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];
const CERTIFICATES = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

/**
 * Proxies and certificates that every installer obeys; ALL_PROXY, which not all of them know, under the names that they do.
 * @throws OwnError for a proxy that they cannot use
 */
export function commonVariables(environment: NodeJS.ProcessEnv): Record<string, string> {
  const named = { ...allProxy(environment), ...environment };
  const entries = [...PROXIES, ...CERTIFICATES].map((name) => [name, named[name] ?? ""] as const);
  const given = entries.filter(([, value]) => value !== "");
  for (const [name, value] of given) if (isProxy(name)) refuseOtherSchemes(name, value);
  return Object.fromEntries(given);
}

/** The proxy that stands for those that are not named. */
function allProxy(environment: NodeJS.ProcessEnv): Record<string, string> {
  const value = environment.all_proxy || environment.ALL_PROXY;
  const missing = ["http_proxy", "https_proxy"].filter(
    (name) => !environment[name] && !environment[name.toUpperCase()],
  );
  if (!value || missing.length === 0) return {};
  refuseOtherSchemes("ALL_PROXY", value);
  return Object.fromEntries(missing.map((name) => [name, value]));
}

/** Also what npm and pip call a proxy in their own settings. */
function isProxy(name: string): boolean {
  return /proxy$/i.test(name) && !/no_?proxy$/i.test(name);
}

function refuseOtherSchemes(name: string, value: string): void {
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(value) ?? [];
  if (scheme === undefined || /^https?$/i.test(scheme)) return;
  throw new OwnError(
    `${name} of the server names a proxy that speaks ${scheme}, which installers cannot use: name one of http:// in HTTP_PROXY and HTTPS_PROXY`,
  );
}

/** Makes variables fit for the sandbox: files become visible in it, credentials are taken out. */
export function toRegistrySettings(
  variables: Readonly<Record<string, string>>,
  pathOf: (bind: Bind) => string,
): RegistrySettings {
  const binds: Bind[] = [];
  const warnings: string[] = [];
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables)) {
    const words = (isProxy(name) ? withScheme(value) : value)
      .split(/\s+/)
      .map((word) => (word.startsWith("/") ? showPath(word, name) : withoutCredentials(word, name)));
    const fitting = words.filter((word) => word !== "").join(" ");
    if (fitting !== "") environment[name] = fitting;
  }
  return {
    environment,
    binds,
    warnings,
    network: Object.values(environment).some(isOnThisMachine) ? "host" : "isolated",
  };

  function showPath(path: string, name: string): string {
    if (!existsSync(path)) {
      warnings.push(`${name} names ${path}, which does not exist: left out`);
      return "";
    }
    if (isVisible(path)) return path;
    const bind = { source: realpathSync(path), target: `/opt/dispatch/registry/${binds.length}/${basename(path)}` };
    binds.push(bind);
    return pathOf(bind);
  }

  function withoutCredentials(word: string, name: string): string {
    const bare = word.replace(/:\/\/[^/]*@/, "://");
    if (bare !== word)
      warnings.push(`${name} has credentials: they are not handed to installers, whose scripts are strangers' code`);
    return bare;
  }
}

/** `proxy:3128` -> `http://proxy:3128`, as curl and pip read it. */
function withScheme(proxy: string): string {
  return proxy === "" || proxy.includes("://") ? proxy : `http://${proxy}`;
}

/** What sandboxes show of the machine anyway. */
function isVisible(path: string): boolean {
  return path.startsWith("/usr/") || path === "/etc/ssl/certs" || path.startsWith("/etc/ssl/certs/");
}

function isOnThisMachine(value: string): boolean {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map(({ address }) => address) ?? []);
  const hosts = value
    .split(/\s+/)
    .flatMap((word) => (URL.canParse(word) ? [new URL(word).hostname.replace(/^\[|\]$/g, "")] : []));
  return hosts.some(
    (host) => host === "localhost" || host.endsWith(".localhost") || host.startsWith("127.") || own.includes(host),
  );
}
