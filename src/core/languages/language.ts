/** What the server must know of a language. How a machine runs it is the business of `adapters/languages`. */
import type { SourceFile } from "../shared/source-file.ts";

/** How a function names its code (cli-and-runtimes.md 2.2): paths are those of files in its source. */
export interface HandlerRules {
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
  /** Files that may hold the named thing without its name in their own, such as archives of compiled code. */
  readonly containers?: RegExp;
  /** The handler as the worker gets it, when `path` is the file that was found. */
  resolved(handler: string, path: string): string;
}

export interface LanguageRules {
  /** As people write it. */
  readonly title: string;
  /** The last part of the published base image's name, which stands for the language whatever its tag. */
  readonly baseImage: string;
  /** The file that lists an image's dependencies. */
  readonly manifest: string;
  /** What a handler throws when the caller is at fault: an InputError. Everything else is a FunctionError. */
  readonly inputErrors: readonly string[];
  readonly handler: HandlerRules;
}

/** `./hello.js` -> `hello.js` */
export const withoutDot = (path: string): string => path.replace(/^(\.\/+)+/, "");

/** `hello.js` -> `hello` */
export const withoutExtension = (path: string): string => path.slice(0, path.lastIndexOf("."));
