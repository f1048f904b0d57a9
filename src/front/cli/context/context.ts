/** What a command of `dispatch` is given, besides the values of its flags. */
import type { Command as AnyCommand, Path } from "../../../frame/command.ts";
import { CliError } from "../../../frame/errors.ts";
import type { FlagTable } from "../../../frame/flags.ts";
import type { Io } from "../../../frame/io.ts";
import type { Parsed } from "../../../frame/parse.ts";
import { type Client, createClient } from "../../client/client.ts";
import { type Config, readConfig } from "./config-file.ts";
import { credentialHeaders, transportFor } from "./credential.ts";
import { baseUrl, resolveSettings, type Settings } from "./settings.ts";

export type OutputFormat = "table" | "json" | "yaml" | "name";

export interface Context {
  readonly io: Io;
  readonly args: readonly string[];
  readonly config: Config;
  readonly settings: Settings;
  readonly format: OutputFormat;
  readonly client: Client;
  readonly path: Path<Context>;
}

export type Command = AnyCommand<Context>;

/** Derives the types of a command's flags; nothing else. */
export function command<F extends FlagTable>(data: AnyCommand<Context, F>): Command {
  return data;
}

export async function createContext(path: Path<Context>, { given, args }: Parsed, io: Io): Promise<Context> {
  const config = await readConfig(io, given.get("config")?.at(-1));
  const settings = resolveSettings(config, given, io);
  return { io, args, config, settings, path, client: clientFor(settings, io), format: outputFormat(settings) };
}

/** The format that flags, environment or context ask for. JSON wins over YAML. @throws CliError for an unknown word */
function outputFormat(settings: Settings): OutputFormat {
  const word = settings.output.toLowerCase();
  if (settings.json || word.includes("json")) return "json";
  if (word.includes("yaml")) return "yaml";
  if (word === "" || word === "table") return "table";
  if (word === "name") return "name";
  throw new CliError("invalid format option [yaml|json|table|name]", "stdout");
}

export function clientFor(settings: Settings, io: Io): Client {
  return createClient({
    baseUrl: baseUrl(settings),
    headers: { "X-Dispatch-Org": settings.organization, ...credentialHeaders(settings, io.now()) },
    transport: transportFor(settings, io),
  });
}
