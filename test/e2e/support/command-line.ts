/** The real command line: `bin/dispatch` in a process of its own. */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const programPath = fileURLToPath(new URL("../../../bin/dispatch", import.meta.url));

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Another path to the program. */
  readonly program?: string;
}

/** Runs one call with an environment of its own; HOME is the working folder. */
export function runCommand(words: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const env = { PATH: process.env.PATH ?? "", HOME: options.cwd, TZ: "UTC", ...options.environment };
  return new Promise((resolve) => {
    execFile(options.program ?? programPath, words, { cwd: options.cwd, env }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      resolve({ status: typeof code === "number" ? code : 1, stdout, stderr });
    });
  });
}

/** Writes files below a folder. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}
