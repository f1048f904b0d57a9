import { resolve } from "node:path";
import { nearest } from "../../../core/shared/nearest.ts";
import { needed } from "../../../frame/command.ts";
import { CliError } from "../../../frame/errors.ts";
import { integer, text } from "../../../frame/flags.ts";
import { type ContextSettings, saveContext, writeConfig, writtenContext } from "../context/config-file.ts";
import { type Context, command } from "../context/context.ts";
import { usualGatewayPorts } from "../context/settings.ts";
import { tableOf } from "../kinds/kind.ts";
import { jsonText } from "../output/encode.ts";
import { printData, printResources } from "../output/print.ts";

const table = tableOf(
  {
    Context: ({ name, current }) => (name === current ? `* ${name}` : String(name)),
    Config: ({ saved }) => jsonText(saved, 2).trimEnd(),
  },
  { wrap: false },
);

const list = command({
  name: "list",
  summary: "Show all contexts",
  examples: ["dispatch context list"],
  run: async (context) => {
    const { contexts, current } = context.config;
    const shown = Object.fromEntries(Object.entries(contexts).map(([name, saved]) => [name, blank(saved)]));
    await print(context, shown, { current, contexts: shown });
  },
});

const current = command({
  name: "current",
  summary: "Show the current context",
  examples: ["dispatch context current"],
  run: async (context) => {
    const { contexts, current } = context.config;
    const saved = contexts[current];
    if (!saved) return context.io.stdout(`No such current context was found ${current}\n`);
    await print(context, { [current]: blank(saved) }, blank(saved));
  },
});

const create = command({
  name: "create",
  summary: "Save the settings of this call as a context, and make it the current one",
  arguments: [needed("CONTEXT")],
  flags: {
    cookie: text("Cookie to send", { default: "cookie" }),
    "api-http-port": integer("Port of the gateway, for printed URLs", { shown: String(usualGatewayPorts.http) }),
    "api-https-port": integer("The gateway's https port", { shown: String(usualGatewayPorts.https) }),
  },
  examples: ["dispatch context create local --host 127.0.0.1 --port 8080 --scheme http"],
  run: async ({ flags, ...context }) => {
    const { args, config, io, settings } = context;
    const [word = ""] = args;
    const name = word.toLowerCase();
    if (!/^[\w-]+$/.test(name))
      throw new CliError(`invalid context name ${JSON.stringify(name)}: use letters, digits, - and _`);
    await saveContext(config, name, {
      ...savedSettings(context),
      cookie: flags.cookie,
      "api-https-port": flags["api-https-port"] ?? settings.gateway.https ?? usualGatewayPorts.https,
      "api-http-port": flags["api-http-port"] ?? settings.gateway.http ?? usualGatewayPorts.http,
    });
    io.stdout(`Created context ${name}\n`);
  },
});

const set = command({
  name: "set",
  summary: "Make a context the current one",
  arguments: [needed("CONTEXT", "context")],
  examples: ["dispatch context set prod"],
  run: async (context) => {
    const name = knownContext(context);
    await writeConfig({ ...context.config, current: name });
    context.io.stdout(`Set context to ${name}\n`);
  },
});

const forget = command({
  name: "delete",
  summary: "Forget a context",
  arguments: [needed("CONTEXT", "context")],
  examples: ["dispatch context delete prod"],
  run: async (context) => {
    const name = knownContext(context);
    const { [name]: _gone, ...contexts } = context.config.contexts;
    const kept = context.config.current === name ? "" : context.config.current;
    await writeConfig({ ...context.config, current: kept, contexts });
    context.io.stdout(`Deleted context ${name}\n`);
  },
});

export const contextGroup = command({
  ...list,
  name: "context",
  summary: "Show and choose the servers that you work with",
  examples: ["dispatch context", "dispatch context create prod --host dispatch.example.com --scheme https --port 443"],
  commands: [list, current, create, set, forget],
});

function knownContext({ args: [name = ""], config }: Context): string {
  if (config.contexts[name.toLowerCase()]) return name.toLowerCase();
  const meant = nearest(name, Object.keys(config.contexts));
  throw new CliError(`No such context ${name}${meant === undefined ? "" : `; did you mean ${meant}?`}`);
}

async function print(context: Context, shown: Readonly<Record<string, unknown>>, data: unknown): Promise<void> {
  if (context.format === "json" || context.format === "yaml") return printData(context, data);
  const rows = Object.entries(shown).map(([name, saved]) => ({ name, saved, current: context.config.current }));
  await printResources(context, { table }, rows);
}

/** The settings of a call as a context keeps them. */
export function savedSettings({ io, settings }: Pick<Context, "io" | "settings">): ContextSettings {
  const { host, port, scheme, organization, insecure, token, serviceAccount: serviceaccount, jwtPrivateKey } = settings;
  // The next call may come from another folder.
  const jwtprivatekey = jwtPrivateKey && resolve(io.cwd, jwtPrivateKey);
  return { host, port, scheme, organization, insecure, token, serviceaccount, jwtprivatekey };
}

/** Credentials are never shown. */
function blank(context: ContextSettings): Record<string, unknown> {
  const { token: _hidden, ...shown } = writtenContext(context);
  return "cookie" in shown ? { ...shown, cookie: "" } : shown;
}
