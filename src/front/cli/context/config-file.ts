/** The configuration file: where it is, what it says, and how it is written (cli-and-runtimes.md 1.1). */
import { existsSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { CONFIG_EXTENSIONS, configParser, lowerKeys } from "../../../core/shared/config-text.ts";
import { homeFolder } from "../../../core/shared/data-folder.ts";
import { makeFolders } from "../../../core/shared/make-folders.ts";
import { CliError, fileProblem } from "../../../frame/errors.ts";
import type { Io } from "../../../frame/io.ts";
import { readText } from "../files/read-text.ts";
import { isObject } from "../output/json.ts";

export interface Config {
  /** The file that was read, or that would be written. */
  readonly path: string;
  /** "" when none is set. */
  readonly current: string;
  /** By lower-case name. */
  readonly contexts: Readonly<Record<string, ContextSettings>>;
}

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
  // Without a home there is no configuration.
  const config = join(homeFolder(io.env) ?? "/", ".dispatch/config");
  const candidates = CONFIG_EXTENSIONS.map((extension) => `${config}${extension}`);
  return candidates.find((path) => existsSync(path)) ?? `${config}.json`;
}

async function parseConfig(path: string, text: string): Promise<unknown> {
  const parse = await configParser(path);
  if (parse === undefined)
    throw new Error(`unsupported file type: the name must end in ${CONFIG_EXTENSIONS.join(", ")}`);
  return parse(text) ?? {};
}

/** Reads one value of a context; `where` is for messages. @throws Error for one that cannot be used */
const asText = (value: unknown) => (typeof value === "string" ? value : undefined);
const asFlag = (value: unknown) => value === true || value === "true";
const asPort = (value: unknown, where: string) => {
  const number = typeof value === "string" ? Number(value || Number.NaN) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= 0 && number < 65536) return number;
  throw new Error(`${where} must be a port number`);
};

// The keys of a context, in the order in which they are written.
const alwaysWritten = {
  host: asText,
  port: asPort,
  scheme: asText,
  organization: asText,
  cookie: asText,
  insecure: asFlag,
};
const writtenWhenSet = {
  namespace: asText,
  "api-https-port": asPort,
  "api-http-port": asPort,
  serviceaccount: asText,
  jwtprivatekey: asText,
  token: asText,
};
const onlyRead = { json: asFlag, output: asText };

const readers = { ...alwaysWritten, ...writtenWhenSet, ...onlyRead };

export type ContextSettings = {
  readonly [Key in keyof typeof readers]?: NonNullable<ReturnType<(typeof readers)[Key]>>;
};

/** Picks the contexts out of a parsed file; keys count in any letter case. @throws Error when it has another form. */
function readContexts(parsed: unknown): Omit<Config, "path"> {
  const root = lowerKeys(objectAt(parsed, "the file"));
  const named = Object.entries(root.contexts === undefined ? {} : objectAt(root.contexts, '"contexts"'));
  // Older versions wrote one context under two letter cases of its name: the last one counts.
  const contexts = named.map(([name, value]) => [name.toLowerCase(), readContext(name.toLowerCase(), value)] as const);
  return { current: asText(root.current)?.toLowerCase() ?? "", contexts: Object.fromEntries(contexts) };
}

/** What of a context is written, in order, the optional keys only when they say something. */
export function writtenContext(context: ContextSettings): Record<string, unknown> {
  const values: Readonly<Record<string, unknown>> = context;
  const keys = [
    ...Object.keys(alwaysWritten).filter((key) => values[key] !== undefined),
    ...Object.keys(writtenWhenSet).filter((key) => values[key]),
  ];
  return Object.fromEntries(keys.map((key) => [key, values[key]]));
}

function readContext(name: string, value: unknown): ContextSettings {
  const given = lowerKeys(objectAt(value, `context "${name}"`));
  const read = Object.entries(readers)
    .filter(([key]) => given[key] !== undefined)
    .map(([key, reader]) => [key, reader(given[key], `"${key}" of context "${name}"`)] as const);
  return Object.fromEntries(read.filter(([, found]) => found !== undefined));
}

function objectAt(value: unknown, what: string): object {
  if (isObject(value)) return value;
  throw new Error(`${what} must be an object`);
}

/** Writes the configuration, readable by its owner alone; the folder is made. @throws CliError when that fails. */
export async function writeConfig(config: Config): Promise<void> {
  const { replaceFile } = await import("../../../core/shared/replace-file.ts");
  const failure = `Error writing config file ${config.path}`;
  if (extname(config.path).toLowerCase() !== ".json")
    throw new CliError(`${failure}: only JSON files are written; name one that ends in .json with --config`);
  const contexts = Object.entries(config.contexts).map(([name, context]) => [name, writtenContext(context)]);
  const written = { current: config.current, contexts: Object.fromEntries(contexts) };
  try {
    makeFolders(dirname(config.path), 0o700);
    await replaceFile(config.path, `${JSON.stringify(written, null, 4)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new CliError(`${failure}: ${fileProblem(error)}`);
  }
}

/** Writes a context, which also becomes the current one. @throws CliError when that fails. */
export function saveContext(config: Config, name: string, context: ContextSettings): Promise<void> {
  return writeConfig({ ...config, current: name, contexts: { ...config.contexts, [name]: context } });
}
