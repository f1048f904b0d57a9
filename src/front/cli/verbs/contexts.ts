import { resolve } from "node:path";
import { nearest } from "../../../core/shared/nearest.ts";
import { argument, type Context } from "../frame/context.ts";
import type { ContextSettings } from "../frame/context-settings.ts";
import { writtenContext } from "../frame/context-settings.ts";
import { CliError } from "../frame/errors.ts";
import { withContext, writeConfig } from "../frame/write-config.ts";
import { jsonText } from "../output/encode.ts";
import { printData } from "../output/print.ts";
import { renderTable } from "../output/table.ts";

type Named = readonly [name: string, context: ContextSettings];

/** `context` and `context list`. */
export async function listContexts(context: Context): Promise<number> {
  const { config, format, io } = context;
  const all: Named[] = Object.entries(config.contexts);
  if (format === "name") io.stdout(all.map(([name]) => `${name}\n`).join(""));
  else if (format !== "table") await printData(context, { current: config.current, contexts: blanked(all) });
  else io.stdout(contextTable(all, config.current));
  return 0;
}

/** `context current`. */
export async function currentContext(context: Context): Promise<number> {
  const { config, format, io } = context;
  const current = config.contexts[config.current];
  if (!current) io.stdout(`No such current context was found ${config.current}\n`);
  else if (format === "name") io.stdout(`${config.current}\n`);
  else if (format !== "table") await printData(context, blank(current));
  else io.stdout(contextTable([[config.current, current]], config.current));
  return 0;
}

/** `context create CONTEXT`: the settings of this call, saved. */
export async function createContext(context: Context): Promise<number> {
  const { flags, io, settings } = context;
  const name = contextName(context);
  const saved: ContextSettings = {
    host: settings.host,
    port: settings.port,
    scheme: settings.scheme,
    organization: settings.organization,
    cookie: flags.text("cookie") ?? "cookie",
    insecure: settings.insecure,
    "api-https-port": flags.integer("api-https-port") ?? settings.apiHttpsPort,
    "api-http-port": flags.integer("api-http-port") ?? settings.apiHttpPort,
    serviceaccount: settings.serviceAccount,
    // The next call may come from another folder.
    jwtprivatekey: settings.jwtPrivateKey && resolve(io.cwd, settings.jwtPrivateKey),
    token: settings.token,
  };
  writeConfig(withContext(context.config, name, saved));
  io.stdout(`Created context ${name}\n`);
  return 0;
}

/** `context set CONTEXT`. */
export async function setContext(context: Context): Promise<number> {
  const name = knownContext(context);
  writeConfig({ ...context.config, current: name });
  context.io.stdout(`Set context to ${name}\n`);
  return 0;
}

/** `context delete CONTEXT`. */
export async function deleteContext(context: Context): Promise<number> {
  const name = knownContext(context);
  const { [name]: _gone, ...contexts } = context.config.contexts;
  const current = context.config.current === name ? "" : context.config.current;
  writeConfig({ ...context.config, current, contexts });
  context.io.stdout(`Deleted context ${name}\n`);
  return 0;
}

function contextName(context: Context): string {
  const name = argument(context, 0).toLowerCase();
  if (/^[\w-]+$/.test(name)) return name;
  throw new CliError(`invalid context name ${JSON.stringify(name)}: use letters, digits, - and _`);
}

function knownContext(context: Context): string {
  const name = argument(context, 0);
  if (context.config.contexts[name.toLowerCase()]) return name.toLowerCase();
  const meant = nearest(name, Object.keys(context.config.contexts));
  throw new CliError(`No such context ${name}${meant === undefined ? "" : `; did you mean ${meant}?`}`);
}

function contextTable(all: readonly Named[], current: string): string {
  const rows = all.map(([name, context]) => [
    name === current ? `* ${name}` : name,
    jsonText(blank(context), 2).trimEnd(),
  ]);
  return renderTable({ center: "", rowLine: false, wrap: false }, ["Context", "Config"], rows);
}

function blanked(all: readonly Named[]): Record<string, unknown> {
  return Object.fromEntries(all.map(([name, context]) => [name, blank(context)]));
}

/** Credentials are never shown. */
function blank(context: ContextSettings): Record<string, unknown> {
  const { token: _hidden, ...shown } = writtenContext(context);
  return "cookie" in shown ? { ...shown, cookie: "" } : shown;
}
