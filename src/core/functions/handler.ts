/**
 * Handlers: which code of a source a function runs (cli-and-runtimes.md 2.2, server.md 4.4). Each language names it in
 * its own way; an empty handler means the only source file at the root. Whether the named thing is a function that can
 * be called is found out by the worker that loads it.
 */
import type { HandlerRules } from "../languages/language.ts";
import { languages } from "../languages/languages.ts";
import type { Language } from "../shared/ports.ts";
import { SourceError, type SourceFile } from "../shared/source-file.ts";
import { nearestFirst } from "./handler-nearest.ts";

const MAX_LETTERS = 1024;

/**
 * The handler as the worker needs it: `./hello.js`, `hello.handle`, `com.example.Hello`, `hello.ps1::handle`.
 * @throws SourceError when an empty handler does not mean exactly one file, or when the named one is malformed or missing.
 */
export function resolveHandler(language: Language, handler: string, files: readonly SourceFile[]): string {
  const text = handler.trim();
  if (text.length > MAX_LETTERS) throw new SourceError(`The handler is longer than ${MAX_LETTERS} letters.`);
  const rule = languages[language].handler;
  return text === "" ? onlyHandler(rule, files) : namedHandler(rule, text, files);
}

function onlyHandler(rule: HandlerRules, files: readonly SourceFile[]): string {
  const candidates = files.filter(({ path }) => !path.includes("/") && rule.candidate.test(path));
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0) return rule.fromFile(only);
  const found = only === undefined ? "none was found" : `found: ${listed(candidates)}`;
  throw new SourceError(
    `Exactly 1 source file needed when HANDLER is empty; ${found}. Name the handler: ${rule.form}.`,
  );
}

function namedHandler(rule: HandlerRules, handler: string, files: readonly SourceFile[]): string {
  if (!rule.syntax.test(handler))
    throw new SourceError(`The handler ${JSON.stringify(handler)} is malformed: expected ${rule.form}.`);
  const paths = new Set(files.map(({ path }) => path));
  const wanted = rule.files(handler);
  const path = wanted.find((candidate) => paths.has(candidate));
  if (path !== undefined) return rule.resolved(handler, path);
  const owner = rule.ownerFiles?.(handler).find((candidate) => paths.has(candidate));
  if (owner === undefined && files.some((file) => rule.containers?.test(file.path))) return rule.resolved(handler, "");
  if (owner === undefined) throw missing(rule, handler, wanted[0] ?? handler, files);
  return rule.resolved(handler, owner) + handler.slice(handler.lastIndexOf("."));
}

function missing(rule: HandlerRules, handler: string, wanted: string, files: readonly SourceFile[]): SourceError {
  const candidates = files.filter(({ path }) => rule.candidate.test(path));
  const hint =
    candidates.length === 0 ? `It has no such file at all.` : `It has: ${listed(nearestFirst(wanted, candidates))}.`;
  return new SourceError(`The handler ${JSON.stringify(handler)} names ${wanted}, which is not in the source. ${hint}`);
}

function listed(files: readonly SourceFile[]): string {
  const shown = files.slice(0, 5).map(({ path }) => path);
  return shown.join(", ") + (files.length > shown.length ? ` and ${files.length - shown.length} more` : "");
}
