/** The settings of one call: flag before environment before context before default (cli-and-runtimes.md 1.1). */

import type { Config } from "./config-file.ts";
import { CliError } from "./errors.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";

export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly scheme: "http" | "https";
  readonly organization: string;
  readonly cookie: string;
  readonly insecure: boolean;
  readonly token: string;
  readonly serviceAccount: string;
  readonly jwtPrivateKey: string;
  /** The gateway's ports, for printing URLs. */
  readonly apiHttpPort: number;
  readonly apiHttpsPort: number;
  readonly output: string;
  readonly json: boolean;
}

/** @throws CliError when a setting has no usable value, naming where it came from. */
export function resolveSettings(config: Config, flags: Flags, io: Io): Readonly<Settings> {
  const context = config.contexts[config.current];
  const pick = (name: string, saved: unknown) => flags.text(name) ?? fromEnvironment(io, name) ?? textOf(saved);
  const host = pick("host", context?.host) || (context ? "localhost" : "127.0.0.1");
  const scheme = schemeOf(pick("scheme", context?.scheme), context !== undefined || !isLoopback(host));
  return Object.freeze({
    host,
    scheme,
    port: portOf(pick("port", context?.port), context !== undefined || scheme === "https" ? 443 : 8080),
    organization: pick("organization", context?.organization) || "dispatch-server",
    cookie: context ? context.cookie || "unset" : "cookie",
    insecure: isTrue(pick("insecure", context?.insecure)),
    token: pick("token", context?.token) ?? "",
    serviceAccount: pick("service-account", context?.serviceaccount) ?? "",
    jwtPrivateKey: pick("jwt-private-key", context?.jwtprivatekey) ?? "",
    apiHttpPort: context?.["api-http-port"] || 8081,
    apiHttpsPort: context?.["api-https-port"] || 8444,
    output: pick("output", context?.output) ?? "",
    json: isTrue(pick("json", context?.json)),
  });
}

/** Whether a host name can only mean this machine. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    name === "::1" ||
    name === "[::1]" ||
    /^127(\.\d+){3}$/.test(name)
  );
}

/** The address of the API, without a slash at the end. */
export function baseUrl(settings: Pick<Settings, "scheme" | "host" | "port">): string {
  const host = settings.host.includes(":") && !settings.host.startsWith("[") ? `[${settings.host}]` : settings.host;
  return `${settings.scheme}://${host}:${settings.port}`;
}

function fromEnvironment(io: Io, name: string): string | undefined {
  return io.env[`DISPATCH_${name.toUpperCase().replaceAll("-", "_")}`] || undefined;
}

function textOf(saved: unknown): string | undefined {
  return saved === undefined ? undefined : String(saved);
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && ["true", "1", "t"].includes(text.toLowerCase());
}

function schemeOf(given: string | undefined, secure: boolean): "http" | "https" {
  const scheme = given?.toLowerCase() || (secure || given === "" ? "https" : "http");
  if (scheme === "http" || scheme === "https") return scheme;
  throw new CliError(`invalid scheme "${given}": it must be http or https`);
}

function portOf(given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  const port = Number(given);
  if (/^\d+$/.test(given) && port > 0 && port < 65536) return port;
  throw new CliError(`invalid port "${given}": it must be a number from 1 to 65535`);
}
