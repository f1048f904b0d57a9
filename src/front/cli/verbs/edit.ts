/** `edit TYPE NAME`: a resource's own part in an editor, sent back when it has changed (cli-and-runtimes.md 1.11). */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isatty } from "node:tty";
import { messageOf } from "../../../core/shared/message-of.ts";
import { needed } from "../../../frame/command.ts";
import { CliError } from "../../../frame/errors.ts";
import { text as textFlag } from "../../../frame/flags.ts";
import type { Io } from "../../../frame/io.ts";
import { type Context, command } from "../context/context.ts";
import { failureText } from "../context/failure.ts";
import { completeBody } from "../files/complete-body.ts";
import { readText } from "../files/read-text.ts";
import { fetchOne, send } from "../kinds/resources.ts";
import { specOf } from "../kinds/spec.ts";
import { yamlText } from "../output/encode.ts";
import { printDone } from "../output/print.ts";
import { namedType } from "./describe.ts";
import { workDir } from "./flags.ts";

type Editing = Awaited<ReturnType<typeof begin>>;

export const edit = command({
  name: "edit",
  summary: "Change a resource in your editor ($EDITOR, else vi)",
  arguments: [needed("TYPE", "type"), needed("NAME", "name of type")],
  flags: { ...workDir, source: textFlag("Source of the function: a file or folder") },
  examples: ["dispatch edit api cloudmaster", "EDITOR='code --wait' dispatch edit function echo --source echo.js"],
  run: async ({ flags, ...context }) => {
    const editing = await begin(context, flags.source ?? "");
    try {
      const text = await editedText(context.io, editing.path);
      if (text === editing.text) context.io.stdout("Edit cancelled, no changes made.\n");
      else await sendEdited(context, editing, text, flags["work-dir"]);
      removeDraft(editing);
    } catch (error) {
      throw kept(context, editing, error);
    }
  },
});

/** The text of the resource in a new file, which nobody else can read. */
async function begin(context: Context, source: string) {
  const [word = "", name = ""] = context.args;
  // The older word for a service account.
  const kind = namedType(context, word === "service" ? "serviceaccount" : word);
  const spec = specOf(kind, await fetchOne(context, kind, name));
  const text = await (kind.edited?.(spec, source) ?? yamlText(spec));
  const folder = mkdtempSync(join(context.io.env.TMPDIR || tmpdir(), "dispatch-edit-"));
  const path = join(folder, `${kind.word}-${name}.yaml`);
  writeFileSync(path, text, { mode: 0o600, flag: "wx" });
  return { kind, name, text, folder, path };
}

async function sendEdited(context: Context, editing: Editing, text: string, workDir?: string): Promise<void> {
  const { cwd } = context.io;
  const { kind, name, path } = editing;
  const { parseBatch } = await import("../files/parse-batch.ts");
  // Files that the text names are looked up below the current folder: the draft's own is nobody's.
  const [resource, ...others] = parseBatch([{ label: path, text, beside: { folder: cwd } }], "update");
  if (!resource || others.length > 0) throw new CliError(`${path}: one resource must stand here`);
  if (resource.kind !== kind || resource.name !== name)
    throw new CliError(`${resource.place}: kind and name cannot be changed; this was ${kind.kind} ${name}`);
  const body = await completeBody(resource, cwd, workDir);
  await printDone(context, kind, `Updated ${kind.kind}`, await send(context, kind, "update", body));
}

/** What the user wrote is never lost: it stays in its file, which the message names. */
function kept({ settings }: Context, editing: Editing, error: unknown): CliError {
  const { path, text } = editing;
  const message = failureText(error, settings) ?? messageOf(error);
  // Where the user removed it nothing is left to keep.
  if (existsSync(path) && readFileSync(path, "utf8") !== text)
    return new CliError(`${message}\nYour text is kept: fix it, then run dispatch update -f ${path}`);
  removeDraft(editing);
  return new CliError(message);
}

function removeDraft({ folder }: Editing): void {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * Opens a file in $EDITOR (words and quotes as the shell reads them; `vi` without) and returns its text afterwards.
 * @throws CliError when the editor cannot be started or ends with a failure.
 */
async function editedText(io: Io, path: string): Promise<string> {
  const editor = io.env.EDITOR || "vi";
  // It would wait for keys that nobody can press.
  if (!io.env.EDITOR && !isatty(0))
    throw new CliError("vi needs a terminal, and there is none: name an editor in EDITOR");
  const { env, cwd, signal: interrupt } = io;
  // The path is an argument of its own, so that no character of it means anything to the shell.
  const words = ["-c", `${editor} "$1"`, "dispatch", path];
  const child = spawn("/bin/sh", words, { stdio: "inherit", env, cwd, signal: interrupt });
  const [code, signal] = await once(child, "exit").catch(() => {
    throw new CliError("interrupted");
  });
  const hint = code === 127 ? "; name one that is installed, like EDITOR=nano" : "";
  if (code !== 0) throw new CliError(`the editor ${JSON.stringify(editor)} ended with ${code ?? signal}${hint}`);
  return readText(path, path);
}
