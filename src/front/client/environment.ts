/** What the environment says about the way to other hosts: proxies, and certificate authorities of one's own. */
import { readFileSync } from "node:fs";
import type * as Http from "node:http";
import type * as Tls from "node:tls";
import { isThisMachine } from "../../core/shared/loopback.ts";
import { messageOf } from "../../core/shared/message-of.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** As Node takes them. */
interface Proxies {
  readonly http_proxy?: string;
  readonly https_proxy?: string;
  readonly no_proxy: string;
}

/** This machine is never reached through a proxy. */
const LOOPBACK = "localhost,.localhost,127.0.0.1-127.255.255.255,::1,[::1]";

/** The proxies that are to be asked for a URL; Node looks at no_proxy. Undefined when there is none. */
export function proxiesFor(url: string, env: Environment): Proxies | undefined {
  const { hostname } = new URL(url);
  return isThisMachine(hostname) ? undefined : proxiesOf(env);
}

/** @throws Error for a proxy of another kind than HTTP, which Node would leave out in silence */
export function refuseForeignProxy(url: string, env: Environment): void {
  const proxies = proxiesFor(url, env);
  const proxy = proxyOf(url, proxies);
  if (proxies === undefined || proxy === undefined || /^https?:/i.test(proxy)) return;
  if (isLeftOut(new URL(url), proxies.no_proxy)) return;
  const [scheme] = proxy.split(":");
  throw new Error(`a proxy that speaks ${scheme} cannot be used, only one of http:// or https://`);
}

/** Whether no_proxy names a host; its ranges of addresses are Node's business. */
function isLeftOut({ hostname, port }: URL, direct: string): boolean {
  const names = direct.toLowerCase().split(/[\s,]+/);
  return names.some((name) => {
    const bare = name.replace(/^\*?\./, "");
    return bare !== "" && [hostname, `${hostname}:${port}`].some((host) => host === bare || host.endsWith(`.${bare}`));
  });
}

function proxyOf(url: string, proxies: Proxies | undefined): string | undefined {
  return url.startsWith("https:") ? proxies?.https_proxy : proxies?.http_proxy;
}

function proxiesOf(env: Environment): Proxies | undefined {
  const all = variable(env, "all_proxy");
  const http = proxyUrl(variable(env, "http_proxy") ?? all);
  const https = proxyUrl(variable(env, "https_proxy") ?? all);
  if (http === undefined && https === undefined) return undefined;
  const direct = variable(env, "no_proxy");
  // Node knows the star only where it stands alone.
  if (direct?.split(/[\s,]+/).includes("*")) return undefined;
  return {
    ...(http === undefined ? {} : { http_proxy: http }),
    ...(https === undefined ? {} : { https_proxy: https }),
    no_proxy: [direct, LOOPBACK].filter(Boolean).join(","),
  };
}

/** Both spellings are in use; the small one wins, as in other programs. */
function variable(env: Environment, name: string): string | undefined {
  return env[name] || env[name.toUpperCase()] || undefined;
}

/** `proxy:3128` means http. */
function proxyUrl(text: string | undefined): string | undefined {
  return text === undefined || /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
}

/** The proxy of a URL, without its password, for messages; undefined when there is none. */
export function proxyName(url: string, env: Environment): string | undefined {
  return proxyOf(url, proxiesFor(url, env))?.replace(/\/\/.*@/, "//");
}

/** Authorities beyond Node's own, as PEM. @throws Error that names the variable when its file cannot be read */
export function ownAuthorities(env: Environment): string[] {
  const found = ["DISPATCH_EXTRA_CA_CERTS", "SSL_CERT_FILE"].flatMap((name) => pemOf(name, env[name]));
  // Only OpenSSL knows how such a folder is read: it is a part of the machine's own authorities then.
  return env.SSL_CERT_DIR ? [...found, ...process.getBuiltinModule("node:tls").getCACertificates("system")] : found;
}

function pemOf(name: string, path: string | undefined): string[] {
  if (!path) return [];
  try {
    return [readFileSync(path, "utf8")];
  } catch (error) {
    throw new Error(`the certificates of ${name} cannot be read: ${messageOf(error)}`);
  }
}

/** Makes `fetch` go the same ways for the rest of the process. @throws Error when certificates cannot be read, or the proxy of `url` cannot be used */
export function teachFetch(url: string, env: Environment): void {
  refuseForeignProxy(url, env);
  const own = ownAuthorities(env);
  const tls: typeof Tls = process.getBuiltinModule("node:tls");
  if (own.length > 0) tls.setDefaultCACertificates([...tls.getCACertificates("default"), ...own]);
  const proxies = proxiesOf(env);
  if (proxies === undefined) return;
  const http: typeof Http = process.getBuiltinModule("node:http");
  http.setGlobalProxyFromEnv({ ...proxies });
}
