/** The settings of one call: flag before environment before context before default (cli-and-runtimes.md 1.1). */
import { isThisMachine } from "../../../core/shared/loopback.ts";
import { CliError } from "../../../frame/errors.ts";
import { booleanOf, choice, type Given, integer, on, text } from "../../../frame/flags.ts";
import type { Io } from "../../../frame/io.ts";
import { number, objectOf } from "../output/json.ts";
import type { Config } from "./config-file.ts";

const host = "127.0.0.1";
const port = 8080;
const organization = "dispatch-server";
/** The gateway's ports where neither a context nor the server names others. */
export const usualGatewayPorts = { http: 8081, https: 8444 } as const;

export const globalFlags = {
  config: text("Configuration file", { shown: "$HOME/.dispatch/config.json" }),
  host: text("Host of the Dispatch server", { shown: host }),
  port: integer("Port of the Dispatch server", { shown: String(port) }),
  scheme: text("http or https", { shown: "http" }),
  organization: text("Organization to work in", { shown: organization }),
  insecure: on("Accept any TLS certificate"),
  output: choice("Output format:", ["table", "json", "yaml", "name"], { short: "o", shown: "table" }),
  json: on("The same as -o json", { hidden: true }),
  token: text("Bearer token (better: DISPATCH_TOKEN, which others cannot see)"),
  "service-account": text("Service account, NAME or ORGANIZATION/NAME"),
  "jwt-private-key": text("PEM file with the service account's RSA private key"),
  help: on("Help for this command", { short: "h" }),
};

export type Scheme = "http" | "https";

export type Settings = ReturnType<typeof resolveSettings>;

/** @throws CliError when a setting has no usable value, naming where it came from. */
export function resolveSettings(config: Config, given: Given, io: Io) {
  const context = config.contexts[config.current];
  const pick = (name: string, saved: string | number | boolean | undefined) =>
    given.get(name)?.at(-1) ?? (io.env[`DISPATCH_${name.toUpperCase().replaceAll("-", "_")}`] || saved?.toString());
  const server = pick("host", context?.host) || (context ? "localhost" : host);
  const scheme = schemeOf(pick("scheme", context?.scheme), context !== undefined || !isThisMachine(server));
  return Object.freeze({
    host: hostOf(server),
    scheme,
    port: portOf(pick("port", context?.port), context !== undefined || scheme === "https" ? 443 : port),
    organization: pick("organization", context?.organization) || organization,
    cookie: context ? context.cookie || "unset" : "cookie",
    insecure: booleanOf(pick("insecure", context?.insecure) ?? "") === true,
    token: pick("token", context?.token) ?? "",
    serviceAccount: pick("service-account", context?.serviceaccount) ?? "",
    jwtPrivateKey: pick("jwt-private-key", context?.jwtprivatekey) ?? "",
    // The gateway's ports that the context names. `context create` writes the usual ones unasked: those decide nothing.
    gateway: {
      http: namedPort("http", context?.["api-http-port"]),
      https: namedPort("https", context?.["api-https-port"]),
    },
    output: pick("output", context?.output) ?? "",
    json: booleanOf(pick("json", context?.json) ?? "") === true,
  });
}

function namedPort(scheme: Scheme, saved: number | undefined): number | undefined {
  return saved === usualGatewayPorts[scheme] ? undefined : saved || undefined;
}

/** The gateway's port: the named one, else what the server tells of itself, else the usual one. */
export function gatewayPort({ gateway }: Settings, scheme: Scheme, told: unknown): number {
  return gateway[scheme] ?? number(objectOf(told), scheme) ?? usualGatewayPorts[scheme];
}

/** The address of the API, without a slash at the end. */
export function baseUrl(settings: Pick<Settings, "scheme" | "host" | "port">): string {
  return `${settings.scheme}://${inUrl(settings.host)}:${settings.port}`;
}

function inUrl(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

function hostOf(given: string): string {
  if (!/[\s/?#@\\]/.test(given) && URL.canParse(`http://${inUrl(given)}`)) return given;
  throw new CliError(
    `invalid host ${JSON.stringify(given)}: write the name or the address alone; --scheme and --port say the rest`,
  );
}

function schemeOf(given: string | undefined, secure: boolean): Scheme {
  const scheme = given?.toLowerCase() || (secure || given === "" ? "https" : "http");
  if (scheme === "http" || scheme === "https") return scheme;
  throw new CliError(`invalid scheme "${given}": it must be http or https`);
}

function portOf(given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  const number = Number(given);
  if (/^\d+$/.test(given) && number > 0 && number < 65536) return number;
  throw new CliError(`invalid port "${given}": it must be a number from 1 to 65535`);
}
