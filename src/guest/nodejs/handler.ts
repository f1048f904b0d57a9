/** Finding and calling the handler of a Node.js function. */
import { spawnSync } from "node:child_process";
import { readdirSync, symlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** `(context, payload) => value or promise`. */
export type Handler = (context: unknown, payload: unknown) => unknown;

const REFUSAL = "Invalid function file or handler";
const ENDINGS = ["", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"];

/** The file is not there; no stack could say more. */
class HandlerError extends Error {}

const isHandler = (value: unknown): value is Handler => typeof value === "function";

/** CommonJS `module.exports`, or a `handler` or `default` export, in whatever way they were wrapped. */
const handlerOf = (module: Record<string, unknown>): Handler | undefined => {
  const whole = module.default;
  const inner = typeof whole === "object" && whole !== null ? (whole as Record<string, unknown>) : {};
  return [module.handler, whole, inner.handler, inner.default].find(isHandler);
};

/** Paths of the sandbox mean nothing to the author: `/function/hello.js` is `hello.js`. */
export const withoutFolder = (text: string, folder: string): string =>
  text.replaceAll(`file://${folder}/`, "").replaceAll(`${folder}/`, "");

/** What a person needs of an error: the place and the message, without the interpreter's own frames. */
const describe = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof HandlerError) return error.message;
  const lines = (error.stack ?? error.message).split("\n");
  const own = lines.filter((line) => !/^\s+at .*(\(|\s)node:/.test(line) && !/^\s+at (async )?node:/.test(line));
  return own.filter((line) => !line.includes(`${import.meta.dirname}/`)).join("\n");
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

const complaint = (error: unknown, folder: string): string => {
  const text = describe(error);
  const placeless = error instanceof SyntaxError && text.startsWith("SyntaxError");
  return withoutFolder((placeless ? locateSyntaxError(folder) : undefined) ?? text, folder).trimEnd();
};

const importFirst = async (folder: string, handler: string): Promise<Record<string, unknown>> => {
  const file = resolve(folder, handler);
  for (const ending of ENDINGS) {
    const url = pathToFileURL(file + ending).href;
    try {
      return (await import(url)) as Record<string, unknown>;
    } catch (error) {
      const { code, url: which } = error as { code?: string; url?: string };
      if ((code !== "ERR_MODULE_NOT_FOUND" && code !== "ERR_UNSUPPORTED_DIR_IMPORT") || which !== url) throw error;
    }
  }
  throw new HandlerError(`Cannot find module '${handler}'`);
};

/** Makes the image's packages findable where the sandbox has no /node_modules of its own. */
export const linkModules = (folder: string, modules: string): void => {
  if (modules !== "/node_modules") symlinkSync(modules, join(dirname(folder), "node_modules"), "dir");
};

/**
 * Loads the handler.
 * @throws Error with the interpreter's message, file and line, and the sentence that ends all such messages.
 */
export const loadHandler = async (folder: string, handler: string): Promise<Handler> => {
  const module = await importFirst(folder, handler).catch((error: unknown) => {
    throw new Error(`${complaint(error, folder)}\n${REFUSAL}`);
  });
  const found = handlerOf(module);
  if (found === undefined) {
    throw new Error(`${handler}: no function is exported, e.g. module.exports = (context, payload) => ...\n${REFUSAL}`);
  }
  return found;
};
