/** What the languages' installers have in common. One implementation a file: npm.ts, pip.ts; each is named by its row in adapters/languages. */

import type { Link } from "../runtime/process/bubblewrap.ts";
import type { Interpreter } from "../runtime/process/interpreters.ts";
import type { Bind } from "../runtime/process/sandbox.ts";
import type { RegistrySettings } from "./registry-settings.ts";

/** Where the installer finds its working folder in the sandbox. */
export const WORK_DIR = "/work";

/** What the interpreter is told to do in the sandbox. */
export interface InstallPlan {
  readonly links: readonly Link[];
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly binds: readonly Bind[];
}

export interface PlanContext {
  readonly interpreter: Interpreter;
  readonly manifest: string;
  readonly settings: RegistrySettings;
  readonly mode: "bubblewrap" | "none";
  /** The environment of the server. */
  readonly environment: NodeJS.ProcessEnv;
  /** The working folder as the installer sees it. */
  readonly workDir: string;
  /** Where a bind is in the sandbox. */
  pathOf(bind: Bind): string;
}

export interface Installer {
  /** For messages: `npm install`. */
  readonly name: string;
  readonly manifestFileName: string;
  /** The folder below the working folder that the installer fills, and that workers look for in the image. */
  readonly outputName: string;
  /** False when there is nothing to install. @throws BuildError when the manifest cannot be read. */
  isNeeded(manifest: string): boolean;
  /** @throws BuildError for what names files, which are not here. */
  refuseFiles(manifest: string): void;
  /** The manifest with what the base image has besides: another image than without. Default: as it was sent. */
  withBase?(manifest: string): string;
  /** The manifest as the installer gets it; default: as it was sent. */
  prepareManifest?(manifest: string): string;
  /** Further files of the working folder, by name; `settings` as the sandbox may see them. */
  extraFiles?(settings: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
  /** How the installer of the server's user is configured. @throws BuildError with the remedy when it is not on this machine. */
  readSettings(interpreter: Interpreter, environment: NodeJS.ProcessEnv): Promise<Readonly<Record<string, string>>>;
  /** @throws BuildError when the manifest cannot be installed with these settings. */
  plan(context: PlanContext): InstallPlan | Promise<InstallPlan>;
  /** What was resolved, read after a success; "" for nothing. `contentDir` has the output, if there is any, as a real folder. */
  readLock(folders: { readonly workDir: string; readonly contentDir: string }): Promise<string>;
  /** The part of the last lines in which the installer says what went wrong; [] when it does not say. */
  complaints(lines: readonly string[]): readonly string[];
}
