/** The languages as this machine runs them (decision 22). Their rules are in `core/languages`. */
import { OwnError } from "../../core/shared/own-error.ts";
import type { Language, LanguageReport } from "../../core/shared/ports.ts";
import type { Interpreter, InterpreterSearch } from "../runtime/process/interpreters.ts";
import { java } from "./java.ts";
import type { LanguageAdapter } from "./language.ts";
import { nodejs } from "./nodejs.ts";
import { powershell } from "./powershell.ts";
import { python3 } from "./python3.ts";

export const languageAdapters: Readonly<Record<Language, LanguageAdapter>> = {
  nodejs,
  python3,
  java,
  powershell,
};

const searched = new Map<Language, Promise<InterpreterSearch>>();

/** Looks for a language's interpreter; found ones are remembered for the life of the server. */
export const findInterpreter = async (language: Language): Promise<InterpreterSearch> => {
  const search = searched.get(language) ?? languageAdapters[language].find();
  searched.set(language, search);
  const result = await search;
  if (!result.found) searched.delete(language);
  return result;
};

/** @throws Error with reason and remedy when it is not here. */
export const obtainInterpreter = async (language: Language): Promise<Interpreter> => {
  const search = await findInterpreter(language);
  if (!search.found) throw new OwnError(`${search.reason}; ${search.remedy}`);
  return search.interpreter;
};

/** The same as the builder's port reports it. */
export const reportLanguage = async (language: Language): Promise<LanguageReport> => {
  const search = await findInterpreter(language);
  if (!search.found) return { available: false, reason: search.reason, remedy: search.remedy };
  return { available: true, interpreter: search.interpreter.command, version: search.interpreter.version };
};
