/** The languages as this machine runs them (decision 22). Their rules are in `core/languages`. */
import { stat } from "node:fs/promises";
import { OwnError } from "../../core/shared/own-error.ts";
import type { Language, LanguageReport, MadeFor } from "../../core/shared/ports.ts";
import type { Interpreter, InterpreterSearch } from "../runtime/process/interpreters.ts";
import { java } from "./java.ts";
import type { LanguageAdapter } from "./language.ts";
import { findNamed, lineOf } from "./named-interpreter.ts";
import { nodejs } from "./nodejs.ts";
import { powershell } from "./powershell.ts";
import { python3 } from "./python3.ts";

export const languageAdapters: Readonly<Record<Language, LanguageAdapter>> = {
  nodejs,
  python3,
  java,
  powershell,
};

/** What was found, and the state of its file then. */
interface Known {
  readonly search: InterpreterSearch;
  readonly mark: string | undefined;
}

const searched = new Map<string, Promise<Known>>();

/** Changes when a file is replaced; undefined when it is gone. */
const markOf = async (path: string): Promise<string | undefined> => {
  const stats = await stat(path).catch(() => undefined);
  return stats && [stats.dev, stats.ino, stats.size, stats.mtimeMs].join(" ");
};

const find = async (language: Language, wanted: string | undefined): Promise<InterpreterSearch> => {
  const { interpreters } = languageAdapters[language];
  if (wanted !== undefined) return findNamed(interpreters, wanted);
  const program = await interpreters.locate();
  if (program !== undefined) return interpreters.examine(program);
  return { found: false, reason: `${interpreters.title} was not found on this machine`, remedy: interpreters.remedy };
};

const lookUp = async (language: Language, wanted: string | undefined): Promise<Known> => {
  const search = await find(language, wanted);
  return { search, mark: search.found ? await markOf(search.interpreter.command) : undefined };
};

const isStill = async (looking: Promise<Known>): Promise<boolean> => {
  const { search, mark } = await looking;
  return search.found && mark !== undefined && (await markOf(search.interpreter.command)) === mark;
};

/**
 * Looks for a language's interpreter; a found one is remembered while its file is the same.
 * @param wanted that of a base image: a path, or the beginning of a version; by default the machine's own.
 */
export const findInterpreter = async (language: Language, wanted?: string): Promise<InterpreterSearch> => {
  const key = `${language} ${wanted ?? ""}`;
  const before = searched.get(key);
  if (before !== undefined && !(await isStill(before).catch(() => false)) && searched.get(key) === before)
    searched.delete(key);
  const looking = searched.get(key) ?? lookUp(language, wanted);
  searched.set(key, looking);
  return (await looking).search;
};

/** @throws Error with reason and remedy when it is not here. */
export const obtainInterpreter = async (language: Language, wanted?: string): Promise<Interpreter> => {
  const search = await findInterpreter(language, wanted);
  if (!search.found) throw new OwnError(`${search.reason}; ${search.remedy}`);
  return search.interpreter;
};

/** The same as the builder's port reports it. */
export const reportLanguage = async (language: Language, wanted?: string): Promise<LanguageReport> => {
  const search = await findInterpreter(language, wanted);
  if (!search.found) return { available: false, reason: search.reason, remedy: search.remedy };
  return { available: true, interpreter: search.interpreter.command, version: search.interpreter.version };
};

/** Whether what was made for an interpreter fits the one that is here now; nobody knows while there is none. */
export const fitsToday = async ({ language, version, interpreter }: MadeFor): Promise<boolean> => {
  const { interpreters } = languageAdapters[language];
  const search = await findInterpreter(language, interpreter);
  return !search.found || lineOf(interpreters, search.interpreter.version) === lineOf(interpreters, version);
};
