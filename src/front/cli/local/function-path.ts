/** A path that is to become a function: its name, its language, and the manifest beside it. */
import { existsSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { languageNames, languages } from "../../../core/languages/languages.ts";
import { messageOf } from "../../../core/shared/message-of.ts";
import type { Language } from "../../../core/shared/ports.ts";
import { CliError, invalidArgument } from "../../../frame/errors.ts";
import { readBytes, readText } from "../files/read-text.ts";

export interface FunctionPath {
  /** As it was given. */
  readonly path: string;
  readonly absolute: string;
  readonly isFolder: boolean;
  /** A name for it, made of its file's. */
  readonly name: string;
  readonly language: Language;
  /** As a server takes it: "" where the file alone says it. */
  readonly handler: string;
}

interface Wanted {
  readonly lang: string | undefined;
  readonly handler: string | undefined;
}

/** @throws CliError when it is not there or its language cannot be told. */
export async function functionPath(cwd: string, path: string, wanted: Wanted): Promise<FunctionPath> {
  const absolute = resolve(cwd, path);
  const stats = statSync(absolute, { throwIfNoEntry: false });
  if (stats === undefined) throw new CliError(`${path}: no such file or folder`);
  const isFolder = stats.isDirectory();
  const candidates = isFolder ? await readdir(absolute) : [basename(absolute)];
  const language = languageOf(path, candidates, wanted.lang);
  const handler = wanted.handler ?? (isFolder ? handlerOf(absolute, candidates, language) : "");
  return { path, absolute, isFolder, name: nameOf(cwd, path), language, handler };
}

/** A file named as functions in a folder usually are, else the only one. */
const USUAL = /^(index|main|handler|handle|function|app)\./i;

/** @throws CliError when it must be named */
function handlerOf(folder: string, names: readonly string[], language: Language): string {
  const { handler } = languages[language];
  const found = names.filter((name) => handler.candidate.test(name));
  const one = found.length === 1 ? found[0] : found.find((name) => USUAL.test(name));
  if (one === undefined) {
    const why =
      found.length === 0 ? "no such file at its root" : `several files that may be meant: ${found.join(", ")}`;
    throw new CliError(`${folder}: ${why}; name one with --handler: ${handler.form}`);
  }
  const path = join(folder, one);
  try {
    return handler.fromFile({ path: one, mode: 0o644, bytes: readBytes(path, `cannot read ${path}`) });
  } catch (error) {
    throw error instanceof CliError ? error : new CliError(messageOf(error));
  }
}

/** @throws UsageError, CliError */
function languageOf(path: string, names: readonly string[], word: string | undefined): Language {
  const known = languageNames.join(", ");
  const named = languageNames.find((language) => language === word);
  if (word !== undefined && named === undefined) throw invalidArgument("--lang", word, `it must be one of ${known}`);
  const fitting = languageNames.filter((language) =>
    names.some((name) => languages[language].handler.candidate.test(name)),
  );
  const [only] = fitting;
  if (named !== undefined) return named;
  if (fitting.length === 1 && only !== undefined) return only;
  const why =
    fitting.length === 0 ? "no file of a known language" : `files of several languages (${fitting.join(", ")})`;
  throw new CliError(`${path}: ${why}: say which with --lang (${known})`);
}

/** A name for the function of a file or folder: that of the file, as names may be. */
export function nameOf(cwd: string, path: string): string {
  const words = basename(resolve(cwd, path)).replace(/(?<=.)\.[^.]*$/, "");
  return words.replace(/[^\w-]+/g, "-").replace(/^[^a-zA-Z0-9]+/, "") || "function";
}

/** The text of package.json, requirements.txt ... beside it; undefined when there is none. @throws CliError */
export function manifestOf({ absolute, isFolder, language }: FunctionPath): string | undefined {
  const path = join(isFolder ? absolute : dirname(absolute), languages[language].manifest);
  return existsSync(path) ? readText(path, path) : undefined;
}
