/** `edit TYPE NAME`: a resource's own part in an editor, sent back when it has changed (cli-and-runtimes.md 1.11). */
import { existsSync, readFileSync } from "node:fs";
import { messageOf } from "../../../core/shared/message-of.ts";
import type { BatchResource } from "../files/parse-batch.ts";
import { needed } from "../frame/command.ts";
import { type Context, command } from "../frame/context.ts";
import { CliError } from "../frame/errors.ts";
import { failureText } from "../frame/failure.ts";
import { text as textFlag } from "../frame/flags.ts";
import type { Kind } from "../kinds/kind.ts";
import { fetchOne, send } from "../kinds/resources.ts";
import { specOf } from "../kinds/spec.ts";
import { yamlText } from "../output/encode.ts";
import { printDone } from "../output/print.ts";
import { namedType } from "./describe.ts";
import { editedText, newDraft, removeDraft } from "./editor.ts";
import { workDir } from "./flags.ts";

interface Editing {
  readonly kind: Kind;
  readonly name: string;
  readonly path: string;
  /** The text that the user began with. */
  readonly text: string;
}

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
      removeDraft(editing.path);
    } catch (error) {
      throw kept(context, editing, error);
    }
  },
});

async function begin(context: Context, source: string): Promise<Editing> {
  const [word = "", name = ""] = context.args;
  // The older word for a service account.
  const kind = namedType(context, word === "service" ? "serviceaccount" : word);
  const spec = specOf(kind, await fetchOne(context, kind, name));
  const text = await (kind.edited?.(spec, source) ?? yamlText(spec));
  return { kind, name, text, path: newDraft(context.io, `${kind.word}-${name}.yaml`, text) };
}

async function sendEdited(context: Context, editing: Editing, text: string, workDir?: string): Promise<void> {
  const { kind } = editing;
  const { completeBody } = await import("../files/resource-files.ts");
  const resource = await onlyResource(context, editing, text);
  const body = await completeBody(resource, { cwd: context.io.cwd, workDir });
  await printDone(context, kind, `Updated ${kind.kind}`, await send(context, kind, "update", body));
}

/** Files that the text names are looked up below the current folder: the draft's own is nobody's. */
async function onlyResource({ io }: Context, { kind, name, path }: Editing, text: string): Promise<BatchResource> {
  const { parseBatch } = await import("../files/resource-files.ts");
  const [resource, ...others] = parseBatch([{ label: path, text, beside: { folder: io.cwd } }], "update");
  if (!resource || others.length > 0) throw new CliError(`${path}: one resource must stand here`);
  if (resource.kind === kind && resource.name === name) return resource;
  throw new CliError(`${resource.place}: kind and name cannot be changed; this was ${kind.kind} ${name}`);
}

/** What the user wrote is never lost: it stays in its file, which the message names. */
function kept({ settings }: Context, { path, text }: Editing, error: unknown): CliError {
  const message = failureText(error, settings) ?? messageOf(error);
  // Where the user removed it nothing is left to keep.
  if (existsSync(path) && readFileSync(path, "utf8") !== text)
    return new CliError(`${message}\nYour text is kept: fix it, then run dispatch update -f ${path}`);
  removeDraft(path);
  return new CliError(message);
}
