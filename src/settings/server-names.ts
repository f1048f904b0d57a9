/** Names and addresses by which people know this server: in the functions' network they lead to the function door (decision 16). */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { hostname, type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { SettingError } from "./convert.ts";
import type { Settings } from "./definitions.ts";
import { networkSettings } from "./derived.ts";

/** A host name in lower case, or an address without brackets, and a port. */
export interface ServerName {
  readonly host: string;
  readonly port: number;
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** What `--server-names` says, or what this machine calls itself. @throws SettingError for what is neither a name nor an address */
export function serverNames(settings: Settings, apiPort: number): readonly ServerName[] {
  const given = settings["server-names"];
  const names = given.length > 0 ? given.map((text) => parse(text, apiPort)) : ownNames(settings, apiPort);
  refuseClash(settings, new Set([apiPort, ...names.map(({ port }) => port)]));
  return names;
}

function ownNames(settings: Settings, apiPort: number): readonly ServerName[] {
  const own = [...certificateNames(settings), hostname().toLowerCase(), ...ownAddresses(networkInterfaces())];
  return [...new Set(own)]
    .filter((name) => name !== "localhost" && isHost(name))
    .map((host) => ({ host, port: apiPort }));
}

function parse(text: string, apiPort: number): ServerName {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = (bracketed ?? plain ?? (isIP(text) === 6 ? text : "")).toLowerCase();
  const number = port === undefined ? apiPort : Number(port);
  if (isHost(host) && !isSpecial(host) && number > 0 && number < 65536) return { host, port: number };
  throw new SettingError(
    `--server-names is ${JSON.stringify(text)}: expected a host name or an address, with a port unless it is the API's, such as dispatch.example.com or 192.0.2.7:8080`,
  );
}

/** One port leads to one place. @throws SettingError */
function refuseClash(settings: Settings, doorPorts: ReadonlySet<number>): void {
  const clash = networkSettings(settings).hostServices.find(({ port }) => doorPorts.has(port));
  if (clash === undefined) return;
  throw new SettingError(
    `--allow-host-service is "${clash.host}:${clash.port}": in the functions' network port ${clash.port} leads to Dispatch itself`,
  );
}

function isHost(text: string): boolean {
  // Four numbers are an address or nothing.
  return isIP(text) !== 0 || (HOST_NAME.test(text) && !/^[\d.]+$/.test(text));
}

/** Addresses that mean no one server, or the functions' own network. */
function isSpecial(host: string): boolean {
  return isIP(host) === 4 ? /^(0\.|2(2[4-9]|[345]\d)\.|10\.0\.2\.(2|3|100)$)/.test(host) : /^(::|ff|fe80)/.test(host);
}

/** Addresses of the interfaces, without those that every machine has (loopback, link-local). */
function ownAddresses(interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>): string[] {
  return Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ address, internal }) => !internal && !/^(169\.254\.|fe80:)/i.test(address) && !isSpecial(address))
    .map(({ address }) => address);
}

/** The names in the certificate; a wildcard is no name. */
function certificateNames(settings: Settings): string[] {
  if (!settings["enable-tls"]) return [];
  if (settings["lets-encrypt-domain"] !== "") return [settings["lets-encrypt-domain"].toLowerCase()];
  if (settings["tls-certificate"] === "") return [];
  try {
    const { subjectAltName = "" } = new X509Certificate(readFileSync(settings["tls-certificate"]));
    return [...subjectAltName.matchAll(/(?:DNS|IP Address):([^,\s]+)/g)].map(([, name = ""]) => name.toLowerCase());
  } catch {
    return []; // the listeners tell what is wrong with the file when they open
  }
}
