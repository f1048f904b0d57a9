/** Loading the handler of a Node.js function. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { requireCommonJs } from "./common-js.ts";
import { type Handler, HandlerError, handlerOf } from "./exports.ts";
import { messageOf } from "./failure.ts";
import { resolveTypeScript, TYPESCRIPT } from "./imports.ts";
import { withoutFolder } from "./paths.ts";
import { SOURCE_MAPS } from "./source-maps.ts";

const REFUSAL = "Invalid function file or handler";
const ENDINGS = ["", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"];

/** What a person needs of an error: the place and the message, without the interpreter's own frames. */
const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return messageOf(error);
  if (error instanceof HandlerError) return error.message;
  const lines = (error.stack ?? error.message).split("\n");
  const own = lines.filter((line) => !/^\s+at .*(\(|\s)node:/.test(line) && !/^\s+at (async )?node:/.test(line));
  const text = own.filter((line) => !line.includes(`${import.meta.dirname}/`)).join("\n");
  const whole = messageOf(error);
  return text.includes(whole) ? text : `${text}\n${whole}`;
};

/** V8 does not say where an ES module's syntax is wrong, but `node --check` does. */
const locateSyntaxError = (folder: string): string | undefined => {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.[mc]?[jt]s$/.test(name));
  for (const file of files.slice(0, 50)) {
    const { status, stderr } = spawnSync(process.execPath, ["--check", join(folder, file)], { encoding: "utf8" });
    if (status !== 0) return stderr.split(/\n\s+at |\n\nNode\.js v/)[0];
  }
  return undefined;
};

/** Node.js only takes the types away, so it looks for an imported type among the values of the other file. */
const typeHint = (text: string): string => {
  const [, name] = /\.[mc]?ts:\d+[\s\S]*does not provide an export named '([^']+)'/.exec(text) ?? [];
  return name === undefined || name === "default" ? text : `${text} (if ${name} is a type: import type { ${name} })`;
};

const complaint = (error: unknown, folder: string): string => {
  const text = typeHint(describe(error));
  const placeless = error instanceof SyntaxError && text.startsWith("SyntaxError");
  return withoutFolder((placeless ? locateSyntaxError(folder) : undefined) ?? text, folder).trimEnd();
};

interface Place {
  readonly file: string;
  /** The export that is meant; undefined for the module's own. */
  readonly name?: string;
}

const fileOf = (path: string): string | undefined =>
  ENDINGS.map((ending) => path + ending).find((file) => existsSync(file) && statSync(file).isFile());

/** `./vm.js` is a file; `./vm.create` is a function of it, unless there is a file of that name. */
const placeOf = (folder: string, handler: string): Place => {
  const file = fileOf(resolve(folder, handler));
  if (file !== undefined) return { file };
  const dot = handler.lastIndexOf(".");
  const owner = dot > 0 ? fileOf(resolve(folder, handler.slice(0, dot))) : undefined;
  if (owner === undefined) throw new HandlerError(`Cannot find module '${handler}'`);
  return { file: owner, name: handler.slice(dot + 1) };
};

const load = async (folder: string, handler: string): Promise<Handler> => {
  const { file, name } = placeOf(folder, handler);
  const module = requireCommonJs(file, folder) ?? ((await import(pathToFileURL(file).href)) as Record<string, unknown>);
  return handlerOf(module, `./${withoutFolder(file, folder)}`, name);
};

/** Makes the image's packages findable where the sandbox has no /node_modules of its own. */
export const linkModules = (folder: string, modules: string): void => {
  if (modules !== "/node_modules") symlinkSync(modules, join(dirname(folder), "node_modules"), "dir");
};

/**
 * Loads the handler.
 * @param files the paths of the function's files.
 * @throws Error with the interpreter's message, file and line, and the sentence that ends all such messages.
 */
export const loadHandler = (folder: string, handler: string, files: readonly string[]): Promise<Handler> => {
  if (files.some((path) => TYPESCRIPT.test(path))) resolveTypeScript(folder);
  if (files.includes(SOURCE_MAPS)) process.setSourceMapsEnabled(true);
  return load(folder, handler).catch((error: unknown) => {
    throw new Error(`${complaint(error, folder)}\n${REFUSAL}`);
  });
};
