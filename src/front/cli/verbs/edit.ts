/** `edit TYPE NAME`: a resource's own part in an editor, sent back when it has changed (cli-and-runtimes.md 1.11). */
import { readFileSync } from "node:fs";
import { completeBody } from "../files/complete-body.ts";
import { type BatchResource, parseBatch } from "../files/parse-batch.ts";
import { argument, type Context } from "../frame/context.ts";
import { CliError } from "../frame/errors.ts";
import { failureText } from "../frame/failure.ts";
import { unknownType } from "../frame/unknown-command.ts";
import type { Kind } from "../kinds/kind.ts";
import { kindOfWord } from "../kinds/kinds.ts";
import { specOf } from "../kinds/spec.ts";
import { yamlText } from "../output/encode.ts";
import { printDone } from "../output/print.ts";
import { isObject, type JsonObject } from "../output/shape.ts";
import { editedText, newDraft, removeDraft } from "./editor.ts";
import { fetchResources } from "./get.ts";
import { send } from "./write.ts";

interface Editing {
  readonly kind: Kind;
  readonly name: string;
  readonly path: string;
  /** The text that the user began with. */
  readonly text: string;
}

export async function edit(context: Context): Promise<number> {
  const editing = await begin(context);
  try {
    const text = await editedText(context.io, editing.path);
    if (text === editing.text) context.io.stdout("Edit cancelled, no changes made.\n");
    else await sendEdited(context, editing, text);
    removeDraft(editing.path);
    return 0;
  } catch (error) {
    throw kept(context, editing, error);
  }
}

async function begin(context: Context): Promise<Editing> {
  const [word, name] = [argument(context, 0), argument(context, 1)];
  // The older word for a service account.
  const kind = kindOfWord(word === "service" ? "serviceaccount" : word);
  if (!kind) throw unknownType(context.path, word);
  const resource = await fetchResources(context, kind, name);
  const text = await draftText(context, kind, isObject(resource) ? resource : {});
  return { kind, name, text, path: newDraft(context.io, `${kind.word}-${name}.yaml`, text) };
}

async function draftText(context: Context, kind: Kind, resource: JsonObject): Promise<string> {
  const spec = specOf(kind, resource);
  if (kind.kind === "Secret" && spec.secrets === undefined) {
    throw new CliError(
      `the values of secret ${String(resource.name)} are not shown to you, and an edit would replace them all: use dispatch update secret`,
    );
  }
  if (kind.kind !== "Function") return yamlText(spec);
  const source = await yamlText({ sourcePath: context.flags.text("source") ?? "" });
  return `${await yamlText(spec)}# The server keeps sources to itself: name the file or folder that it is made from.\n${source}`;
}

async function sendEdited(context: Context, editing: Editing, text: string): Promise<void> {
  const { kind } = editing;
  const resource = onlyResource(context, editing, text);
  const folders = { cwd: context.io.cwd, workDir: context.flags.text("work-dir") };
  const body = await completeBody(resource, folders);
  const answer = await send(context, kind, "update", body);
  await printDone(context, kind, `Updated ${kind.kind}`, isObject(answer) ? answer : body);
}

/** Files that the text names are looked up below the current folder: the draft's own is nobody's. */
function onlyResource(context: Context, { kind, name, path }: Editing, text: string): BatchResource {
  const source = { label: path, text, beside: { folder: context.io.cwd } };
  const [resource, ...others] = parseBatch([source], "update");
  if (!resource || others.length > 0) throw new CliError(`${path}: one resource must stand here`);
  if (resource.kind === kind && resource.name === name) return resource;
  throw new CliError(`${resource.place}: kind and name cannot be changed; this was ${kind.kind} ${name}`);
}

/** What the user wrote is never lost: it stays in its file, which the message names. */
function kept({ settings }: Context, { path, text }: Editing, error: unknown): CliError {
  const message = failureText(error, settings);
  if (unchanged(path, text)) {
    removeDraft(path);
    return new CliError(message);
  }
  return new CliError(`${message}\nYour text is kept: mend it, then run dispatch update -f ${path}`);
}

function unchanged(path: string, text: string): boolean {
  try {
    return readFileSync(path, "utf8") === text;
  } catch {
    // The user removed it: nothing is left to keep.
    return true;
  }
}
