/** Where the configuration file is, and what it says (cli-and-runtimes.md 1.1). */
import { existsSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { jsonPlace } from "../files/json-place.ts";
import { readText } from "../files/read-text.ts";
import type { ContextSettings } from "./context-settings.ts";
import { readContexts } from "./context-settings.ts";
import { CliError, fileProblem } from "./errors.ts";
import { homeFolder } from "./home.ts";
import type { Io } from "./io.ts";

export interface Config {
  /** The file that was read, or that would be written. */
  readonly path: string;
  /** "" when none is set. */
  readonly current: string;
  /** By lower-case name. */
  readonly contexts: Readonly<Record<string, ContextSettings>>;
}

const extensions = ["json", "toml", "yaml", "yml"] as const;

/**
 * Reads the file of `--config`, else of DISPATCH_CONFIG, else the one in `$HOME/.dispatch`; a missing default file is
 * an empty configuration.
 * @throws CliError when a named file is missing, or any is unreadable.
 */
export async function readConfig(io: Io, flag: string | undefined): Promise<Config> {
  const named = flag || io.env.DISPATCH_CONFIG;
  const path = named ? resolve(io.cwd, named) : defaultPath(io);
  if (!named && !existsSync(path)) return { path, current: "", contexts: {} };
  const text = readText(path, `config file ${path}`, `Error reading config file ${path}`);
  try {
    return { path, ...readContexts(await parseConfig(path, text)) };
  } catch (error) {
    throw new CliError(`Error reading config file ${path}: ${fileProblem(error)}`);
  }
}

function defaultPath(io: Io): string {
  const folder = join(homeFolder(io), ".dispatch");
  const found = extensions.map((extension) => join(folder, `config.${extension}`)).find((path) => existsSync(path));
  return found ?? join(folder, "config.json");
}

async function parseConfig(path: string, text: string): Promise<unknown> {
  switch (extname(path).toLowerCase()) {
    case ".json":
      return text.trim() === "" ? {} : parseJsonConfig(text);
    case ".toml":
      return (await import("smol-toml")).parse(text);
    case ".yaml":
    case ".yml":
      return (await import("../output/yaml.ts")).parseYaml(text) ?? {};
    default:
      throw new Error(`unsupported file type: the name must end in ${extensions.map((end) => `.${end}`).join(", ")}`);
  }
}

// V8 quotes the text around the mistake, which may hold a cookie or a token: only its place is told.
function parseJsonConfig(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`it is not valid JSON: ${jsonPlace(text, error)}`);
  }
}
