import { createClient } from "../../client/client.ts";
import { nodeTransport } from "../../client/node-transport.ts";
import { withAdminToken } from "./admin-token.ts";
import type { Command } from "./command.ts";
import { readConfig } from "./config-file.ts";
import type { Context } from "./context.ts";
import { credentialHeaders } from "./credential.ts";
import type { Io } from "./io.ts";
import type { ParsedWords } from "./parse.ts";
import { baseUrl, resolveSettings, type Settings } from "./settings.ts";

/** Everything a handler is given, but the output format, which is checked apart. @throws CliError for unusable settings. */
export async function createContext(
  path: readonly Command[],
  { flags, args }: ParsedWords,
  io: Io,
): Promise<Omit<Context, "format">> {
  const config = await readConfig(io, flags.text("config"));
  const settings = resolveSettings(config, flags, io);
  return { io, args, flags, config, settings, path, client: clientFor(settings, io) };
}

/** A client for the server, organization and credential of the settings. */
export function clientFor(settings: Settings, io: Io): Context["client"] {
  const options = { insecure: settings.insecure, environment: io.env };
  // Loaded when a server asks for a credential that the user did not name: most calls need none of it.
  const proven: Parameters<typeof withAdminToken>[1] = async (request, token) => {
    const { provenExchange } = await import("../../client/proven-exchange.ts");
    return provenExchange(request, token, options);
  };
  return createClient({
    baseUrl: baseUrl(settings),
    headers: { "X-Dispatch-Org": settings.organization, ...credentialHeaders(settings, io.now()) },
    transport: withAdminToken(nodeTransport(options), proven, settings, io),
  });
}
