/** How this machine runs a language: its interpreter, its guest, its installer. One row a file; the table is languages.ts. */
import type { SourceFile } from "../../core/shared/source-file.ts";
import type { Installer } from "../installers/installer.ts";
import type { GuestCommand } from "../runtime/process/guest.ts";
import type { Interpreter, InterpreterSearch } from "../runtime/process/interpreters.ts";
import type { Bind, Sandbox } from "../runtime/process/sandbox.ts";

/** What of the command depends on the language alone. */
export type Guest = Pick<GuestCommand, "args" | "binds" | "modules" | "directory"> &
  Partial<Pick<GuestCommand, "environment">>;

/** A compiler, run in a folder that it may fill. Paths of sources are relative to the function's folder. */
export interface Compiler {
  readonly name: string;
  /** Its file, beside the interpreter's; undefined: the interpreter itself. */
  readonly program?: string;
  isSource(path: string): boolean;
  /** Whether these files are compiled; left out: whenever there is a source. */
  isNeeded?(files: readonly SourceFile[]): boolean;
  /** The folder that it fills. */
  readonly outputName: string;
  /** The folder in an image that holds its dependencies. */
  readonly imageModules: string;
  args(what: {
    readonly sources: readonly string[];
    /** Where the sources are seen. */
    readonly folder: string;
    readonly modules: string | undefined;
    readonly sandbox: Sandbox;
  }): readonly string[];
  /** Its own files, where they are not the interpreter's. */
  binds?(): readonly Bind[];
  /** Where a file that is not compiled goes in the artefact. */
  keptPath(path: string): string;
  /** The same of a file that it has written; left out: the folder is part of the artefact. */
  compiledPath?(path: string): string;
  /** The part of the last lines in which it says what is wrong. */
  complaints(lines: readonly string[]): readonly string[];
}

/** What an interpreter maps while it starts, instead of reading the same classes each time. */
export interface StartArchive {
  /** Changes with the guest and the interpreter, for which an archive is made. */
  key(guestFolder: string, interpreter: Interpreter): Promise<string>;
  /** The arguments with which a guest lives once and writes `file` into a `folder` that it makes. It runs nothing of the image. */
  training(guest: Pick<GuestCommand, "args" | "modules">, folder: string, file: string): readonly string[];
}

/** An image on this machine. */
export interface PlacedImage {
  /** The path of its dependencies; undefined when it has none. */
  readonly folder: string | undefined;
  /** The interpreter that its base image named; undefined: the machine's own. */
  readonly interpreter?: string | undefined;
  /** The path of its start archive; undefined when it has none. */
  readonly startArchive?: string | undefined;
}

/** Where the interpreters of a language are, and what they say of themselves. */
export interface Interpreters {
  /** For messages: `Python`. */
  readonly title: string;
  /** What their files are called, with or without a version: nothing else is ever started to find out what it is. */
  readonly programs: RegExp;
  /** A name of theirs, for messages: `python3.12`. */
  readonly example: string;
  /** Where those of further versions lie: patterns of paths; `~` is the folder of the server's user. */
  readonly places: readonly string[];
  /** How many parts of a version packages and compiled code are made for: those of Python 3.11.2 for 3.11. */
  readonly lineParts: 1 | 2;
  /** The line that installs it. */
  readonly remedy: string;
  /** The one that functions get unless their base image names another; undefined when there is none. */
  locate(): Promise<string | undefined>;
  /** Asks the program at a path what it is. */
  examine(program: string): Promise<InterpreterSearch>;
}

export interface LanguageAdapter {
  readonly interpreters: Interpreters;
  /** The guest in `guests`, for an image. @throws Error when a folder of the image is gone or no real one. */
  guest(sandbox: Sandbox, guests: Bind, image: PlacedImage, interpreter: Interpreter): Guest | Promise<Guest>;
  readonly installer: Installer;
  /** For languages whose sources are compiled when a function is deployed. */
  readonly compiler?: Compiler;
  /** For languages whose interpreters know one. */
  readonly startArchive?: StartArchive;
}
