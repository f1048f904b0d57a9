/**
 * Handlers: which code of a source a function runs (cli-and-runtimes.md 2.2, server.md 4.4). Each language names it in
 * its own way; an empty handler means the only source file at the root. Whether the named thing is a function that can
 * be called is found out by the worker that loads it.
 */
import type { Language } from "../shared/ports.ts";
import { SourceError, type SourceFile } from "./archive-entry.ts";
import { javaClassOf } from "./handler-java.ts";
import { nearestFirst } from "./handler-nearest.ts";

interface HandlerRules {
  /** Whether a file at the root may be meant by an empty handler. */
  readonly candidate: RegExp;
  /** The handler that a lone candidate stands for. */
  fromFile(file: SourceFile): string;
  readonly syntax: RegExp;
  /** What a handler looks like, for messages. */
  readonly form: string;
  /** The paths of which one must be in the source, the preferred one first. */
  files(handler: string): readonly string[];
  /** Where the function's name follows the file's: the paths of the file without it. */
  ownerFiles?(handler: string): readonly string[];
  /** The handler as the worker gets it, when `path` is the file that was found. */
  resolved(handler: string, path: string): string;
}

const MAX_LETTERS = 1024;
const NODE_EXTENSIONS = [".js", ".mjs", ".cjs", ".ts"];

const rules: Readonly<Record<Language, HandlerRules>> = {
  nodejs: {
    candidate: /(?<!\.d)\.ts$|\.[mc]?js$/,
    fromFile: ({ path }) => `./${path}`,
    syntax: /^(?!\/)[^\0]+$/,
    form: "the path of a file in the source, for example ./hello.js, or one of its functions, ./hello.create",
    files: (handler) => nodeFiles(withoutDot(handler)),
    ownerFiles: (handler) => nodeFiles(withoutDot(handler.slice(0, Math.max(0, handler.lastIndexOf("."))))),
    resolved: (_handler, path) => `./${path}`,
  },
  python3: {
    candidate: /\.py$/,
    fromFile: ({ path }) => `${withoutExtension(path)}.handle`,
    syntax: /^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)+$/u,
    form: "module.function, for example hello.handle",
    files: (handler) => pythonFiles(handler.slice(0, handler.lastIndexOf("."))),
    resolved: (handler) => handler,
  },
  java: {
    candidate: /\.java$/,
    fromFile: javaClassOf,
    syntax: /^[\p{L}_$][\p{L}\p{N}_$]*(\.[\p{L}_$][\p{L}\p{N}_$]*)*$/u,
    form: "a class with its package, for example io.dispatchframework.examples.Hello",
    files: javaFiles,
    resolved: (handler) => handler,
  },
  powershell: {
    candidate: /\.ps1$/,
    fromFile: ({ path }) => `${path}::handle`,
    syntax: /^(?!\/)[^\0:]+\.ps1::[\w-]+$/,
    form: "file.ps1::function, for example hello.ps1::handle",
    files: (handler) => [withoutDot(handler.slice(0, handler.lastIndexOf("::")))],
    resolved: (handler) => withoutDot(handler),
  },
};

/**
 * The handler as the worker needs it: `./hello.js`, `hello.handle`, `com.example.Hello`, `hello.ps1::handle`.
 * @throws SourceError when an empty handler does not mean exactly one file, or when the named one is malformed or missing.
 */
export function resolveHandler(language: Language, handler: string, files: readonly SourceFile[]): string {
  const text = handler.trim();
  if (text.length > MAX_LETTERS) throw new SourceError(`The handler is longer than ${MAX_LETTERS} letters.`);
  return text === "" ? onlyHandler(rules[language], files) : namedHandler(rules[language], text, files);
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
  if (owner === undefined) throw missing(rule, handler, wanted[0] ?? handler, files);
  return rule.resolved(handler, owner) + handler.slice(handler.lastIndexOf("."));
}

function missing(rule: HandlerRules, handler: string, wanted: string, files: readonly SourceFile[]): SourceError {
  const candidates = files.filter(({ path }) => rule.candidate.test(path));
  const hint =
    candidates.length === 0 ? `It has no such file at all.` : `It has: ${listed(nearestFirst(wanted, candidates))}.`;
  return new SourceError(`The handler ${JSON.stringify(handler)} names ${wanted}, which is not in the source. ${hint}`);
}

/** The way of Node's own `require`: the name itself, with an extension, as a folder with an index. */
function nodeFiles(path: string): string[] {
  const base = path.replace(/\/+$/, "");
  if (base === "") return [];
  return [
    base,
    ...NODE_EXTENSIONS.map((extension) => base + extension),
    ...NODE_EXTENSIONS.map((extension) => `${base}/index${extension}`),
  ];
}

function pythonFiles(module: string): string[] {
  const path = module.replaceAll(".", "/");
  return [`${path}.py`, `${path}/__init__.py`];
}

/** An inner class (`a.Outer.Inner`, `a.Outer$Inner`) lives in the file of its outermost one; Maven keeps sources deeper. */
function javaFiles(handler: string): string[] {
  const segments = handler.replaceAll("$", ".").split(".");
  const ends = segments.map((_segment, index) => segments.slice(0, segments.length - index));
  return ends.flatMap((end) => [`${end.at(-1)}.java`, `${end.join("/")}.java`, `src/main/java/${end.join("/")}.java`]);
}

function withoutDot(path: string): string {
  return path.replace(/^(\.\/+)+/, "");
}

function withoutExtension(path: string): string {
  return path.slice(0, path.lastIndexOf("."));
}

function listed(files: readonly SourceFile[]): string {
  const shown = files.slice(0, 5).map(({ path }) => path);
  return shown.join(", ") + (files.length > shown.length ? ` and ${files.length - shown.length} more` : "");
}
