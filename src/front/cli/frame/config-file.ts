/** The configuration file: where it is, what it says, and how it is written (cli-and-runtimes.md 1.1). */
import { existsSync, mkdirSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, extname, join, resolve } from "node:path";
import { jsonPlace } from "../files/json-place.ts";
import { readText } from "../files/read-text.ts";
import { CliError, fileProblem } from "./errors.ts";
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

/** HOME, else what the system's list of users says, else the root: then there is no configuration. */
export function homeFolder(io: Io): string {
  try {
    return io.env.HOME || userInfo().homedir;
  } catch {
    return "/";
  }
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

/** One context of the configuration file; the keys and their order are the file's (cli-and-runtimes.md 1.1). */
export interface ContextSettings {
  readonly host?: string;
  readonly port?: number;
  readonly scheme?: string;
  readonly organization?: string;
  readonly cookie?: string;
  readonly insecure?: boolean;
  readonly namespace?: string;
  readonly "api-https-port"?: number;
  readonly "api-http-port"?: number;
  readonly serviceaccount?: string;
  readonly jwtprivatekey?: string;
  /** Read when present, written only by `login --token`. */
  readonly token?: string;
  readonly json?: boolean;
  readonly output?: string;
}

const strings = "host scheme organization cookie namespace serviceaccount jwtprivatekey token output".split(" ");
const numbers = ["port", "api-https-port", "api-http-port"];
const booleans = ["insecure", "json"];

const alwaysWritten = ["host", "port", "scheme", "organization", "cookie", "insecure"] as const;
const writtenWhenSet = [
  "namespace",
  "api-https-port",
  "api-http-port",
  "serviceaccount",
  "jwtprivatekey",
  "token",
] as const;

/** Picks the contexts out of a parsed file; keys count in any letter case. @throws Error when it has another form. */
function readContexts(parsed: unknown): { current: string; contexts: Record<string, ContextSettings> } {
  const root = lowerKeys(parsed, "the file");
  const named = root.contexts === undefined ? {} : lowerKeys(root.contexts, '"contexts"');
  const contexts: Record<string, ContextSettings> = {};
  for (const [name, value] of Object.entries(named)) contexts[name] = readContext(name, value);
  return { current: typeof root.current === "string" ? root.current.toLowerCase() : "", contexts };
}

/** What of a context is written, in order, the optional keys only when they say something. */
export function writtenContext(context: ContextSettings): Record<string, unknown> {
  const keys = [
    ...alwaysWritten.filter((key) => context[key] !== undefined),
    ...writtenWhenSet.filter((key) => Boolean(context[key])),
  ];
  return Object.fromEntries(keys.map((key) => [key, context[key]]));
}

function readContext(name: string, value: unknown): ContextSettings {
  const given = lowerKeys(value, `context "${name}"`);
  const context: Record<string, unknown> = {};
  for (const key of strings) if (typeof given[key] === "string") context[key] = given[key];
  for (const key of booleans) if (given[key] !== undefined) context[key] = given[key] === true || given[key] === "true";
  for (const key of numbers) if (given[key] !== undefined) context[key] = port(name, key, given[key]);
  return context;
}

function port(context: string, key: string, value: unknown): number {
  const number = typeof value === "string" ? Number(value || Number.NaN) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= 0 && number < 65536) return number;
  throw new Error(`"${key}" of context "${context}" must be a port number`);
}

function lowerKeys(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`${what} must be an object`);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.toLowerCase(), item]));
}

/** Writes the configuration, readable by its owner alone; the folder is made. @throws CliError when that fails. */
export async function writeConfig(config: Config): Promise<void> {
  const { replaceFile } = await import("../../../core/shared/replace-file.ts");
  if (extname(config.path).toLowerCase() !== ".json") throw new CliError(notJson(config.path));
  try {
    mkdirSync(dirname(config.path), { recursive: true, mode: 0o700 });
    await replaceFile(config.path, `${JSON.stringify(written(config), null, 4)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new CliError(`Error writing config file ${config.path}: ${fileProblem(error)}`);
  }
}

function notJson(path: string): string {
  return `Error writing config file ${path}: only JSON files are written; name one that ends in .json with --config`;
}

function written(config: Config): unknown {
  const contexts = Object.entries(config.contexts).map(([name, context]) => [name, writtenContext(context)]);
  return { current: config.current, contexts: Object.fromEntries(contexts) };
}

/** The configuration with one context added or replaced, which also becomes the current one. */
export function withContext(config: Config, name: string, context: ContextSettings): Config {
  return { ...config, current: name, contexts: { ...config.contexts, [name]: context } };
}
