/** A text that the user changes in an editor, in a file that nobody else can read. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readText } from "../files/read-text.ts";
import { CliError } from "../frame/errors.ts";
import type { Io } from "../frame/io.ts";

/** Writes the text to a new file of mode 0600 in a new folder of mode 0700. */
export function newDraft(io: Io, name: string, text: string): string {
  const folder = mkdtempSync(join(io.env.TMPDIR || tmpdir(), "dispatch-edit-"));
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600, flag: "wx" });
  return path;
}

export function removeDraft(path: string): void {
  rmSync(dirname(path), { recursive: true, force: true });
}

/**
 * Opens a file in $EDITOR (words and quotes as the shell reads them; `vi` without) and returns its text afterwards.
 * @throws CliError when the editor cannot be started or ends with a failure.
 */
export async function editedText(io: Io, path: string): Promise<string> {
  const editor = io.env.EDITOR || "vi";
  // The path is an argument of its own, so that no character of it means anything to the shell.
  const child = spawn("/bin/sh", ["-c", `${editor} "$1"`, "dispatch", path], {
    stdio: "inherit",
    env: io.env,
    cwd: io.cwd,
    signal: io.signal,
  });
  const [code, signal] = await once(child, "exit").catch(() => ["interrupted"]);
  const end: number | string = code ?? signal;
  if (end !== 0) throw new CliError(failure(editor, end));
  return readText(path, path);
}

function failure(editor: string, end: number | string | null): string {
  const hint = end === 127 ? "; name one that is installed, like EDITOR=nano" : "";
  return end === "interrupted" ? "interrupted" : `the editor ${JSON.stringify(editor)} ended with ${end}${hint}`;
}
