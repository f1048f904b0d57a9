import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, extname } from "node:path";
import type { Config } from "./config-file.ts";
import { type ContextSettings, writtenContext } from "./context-settings.ts";
import { CliError, fileProblem } from "./errors.ts";

/** Writes the configuration, readable by its owner alone; the folder is made. @throws CliError when that fails. */
export function writeConfig(config: Config): void {
  if (extname(config.path).toLowerCase() !== ".json") throw new CliError(notJson(config.path));
  try {
    mkdirSync(dirname(config.path), { recursive: true, mode: 0o700 });
    const fresh = `${config.path}.new`;
    writeFileSync(fresh, `${JSON.stringify(written(config), null, 4)}\n`, { mode: 0o600 });
    chmodSync(fresh, 0o600);
    renameSync(fresh, config.path);
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
