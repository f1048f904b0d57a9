import { resolve } from "node:path";
import type { Context } from "../frame/context.ts";
import type { ContextSettings } from "../frame/context-settings.ts";
import { clientFor } from "../frame/create-context.ts";
import { CliError, messageOf } from "../frame/errors.ts";
import type { Settings } from "../frame/settings.ts";
import { withContext, writeConfig } from "../frame/write-config.ts";

const home = { method: "GET", path: "/home" } as const;

/** `login`: the credential is tried against the server before it is saved (mode 0600). */
export async function login(context: Context): Promise<number> {
  const settings = await withCredential(context);
  try {
    await clientFor(settings, context.io).call(home);
  } catch (error) {
    throw new CliError(`error logging in: ${messageOf(error)}`);
  }
  writeConfig(withContext(context.config, contextName(context), saved(context, settings)));
  context.io.stdout("You have successfully logged in\n");
  return 0;
}

/** `logout`: forgets cookie, token, service account and key. */
export async function logout(context: Context): Promise<number> {
  const { config, io } = context;
  const current = config.contexts[config.current];
  if (current) {
    const { token: _token, serviceaccount: _account, jwtprivatekey: _key, ...kept } = current;
    writeConfig(withContext(config, config.current, { ...kept, cookie: "" }));
  }
  io.stdout("You have successfully logged out\n");
  return 0;
}

async function withCredential(context: Context): Promise<Settings> {
  const { flags, io, settings } = context;
  const token = flags.on("token-stdin") ? (await io.stdin()).trim() : settings.token;
  if (token || (settings.serviceAccount && settings.jwtPrivateKey)) return { ...settings, token };
  throw new CliError(
    "login needs a credential: --token-stdin (or DISPATCH_TOKEN), or --service-account together with --jwt-private-key",
  );
}

function contextName(context: Context): string {
  const { config, settings } = context;
  return config.contexts[config.current] ? config.current : settings.host.toLowerCase().replaceAll(/[^\w-]/g, "-");
}

function saved(context: Context, settings: Settings): ContextSettings {
  const { config, io } = context;
  return {
    ...config.contexts[config.current],
    host: settings.host,
    port: settings.port,
    scheme: settings.scheme,
    organization: settings.organization,
    cookie: config.contexts[config.current]?.cookie ?? "",
    insecure: settings.insecure,
    token: settings.token,
    serviceaccount: settings.serviceAccount,
    // The next call may come from another folder.
    jwtprivatekey: settings.jwtPrivateKey && resolve(io.cwd, settings.jwtPrivateKey),
  };
}
