/** Sends the resources of a batch one after the other, in file order; `delete` goes backwards (decisions.md 5). */
import { ApiError } from "../../client/errors.ts";
import type { Context } from "../frame/context.ts";
import { CliError } from "../frame/errors.ts";
import { failureText, isRefusedCredential } from "../frame/failure.ts";
import { itemPath, objects } from "../kinds/kind.ts";
import { tagsOf } from "../kinds/tags.ts";
import { printNotes } from "../output/print.ts";
import { isObject, type JsonObject } from "../output/shape.ts";
import { unlessInterrupted } from "../verbs/pause.ts";
import { send } from "../verbs/write.ts";
import { completeBody } from "./complete-body.ts";
import type { BatchResource } from "./parse-batch.ts";

export type BatchVerb = "create" | "apply" | "update" | "delete";

export interface BatchResult {
  readonly done: readonly { readonly resource: BatchResource; readonly answer: JsonObject }[];
  readonly failed: readonly BatchResource[];
  /** Resources that were not tried: the server could not be reached, knew nobody of us, or the user interrupted. */
  readonly skipped: readonly BatchResource[];
}

const past = { create: "Created", apply: "Applied", update: "Updated", delete: "Deleted" } as const;

/** Prints one line after each success and goes on after an error, unless the server cannot be reached. */
export async function runBatch(
  context: Context,
  verb: BatchVerb,
  resources: readonly BatchResource[],
): Promise<BatchResult> {
  const done: { resource: BatchResource; answer: JsonObject }[] = [];
  const failed: BatchResource[] = [];
  const ordered = inOrder(verb, resources);
  for (const [index, resource] of ordered.entries()) {
    try {
      const known = done.some((other) => isSame(other.resource, resource));
      const answer = await unlessInterrupted(sendOne(context, verb, resource, known), context.io.signal, "interrupted");
      done.push({ resource, answer: isObject(answer) ? answer : { name: resource.name } });
      printLine(context, verb === "create" && known ? past.update : past[verb], resource);
      if (verb !== "delete" && isObject(answer)) printNotes(context, resource.kind, answer);
    } catch (error) {
      context.io.stderr(`${failureText(error, context.settings)}\n`);
      failed.push(resource);
      if (endsBatch(context, error)) return { done, failed, skipped: ordered.slice(index + 1) };
    }
  }
  return { done, failed, skipped: [] };
}

/** The resources in the order in which they are sent; each is deleted once, what stands last first. */
export function inOrder(verb: BatchVerb, resources: readonly BatchResource[]): readonly BatchResource[] {
  return verb === "delete" ? onceEach(resources).toReversed() : resources;
}

/** The resources after it would fail in the same way. */
function endsBatch(context: Context, error: unknown): boolean {
  if (context.io.signal.aborted || isRefusedCredential(error)) return true;
  return !(error instanceof ApiError || error instanceof CliError);
}

function printLine(context: Context, verb: string, resource: BatchResource): void {
  if (context.format === "table") context.io.stdout(`${verb} ${resource.kind.kind}: ${resource.name}\n`);
}

async function sendOne(context: Context, verb: BatchVerb, resource: BatchResource, known: boolean): Promise<unknown> {
  if (verb === "delete") return deleteOne(context, resource);
  const folders = { cwd: context.io.cwd, workDir: context.flags.text("work-dir") };
  const body = tagged(context, await completeBody(resource, folders));
  // A name that stands in the file twice is an update the second time.
  if (verb === "create") return send(context, resource.kind, known ? "update" : "create", body);
  return verb === "update" ? send(context, resource.kind, "update", body) : applyOne(context, resource, body);
}

function deleteOne(context: Context, resource: BatchResource): Promise<unknown> {
  const operation = resource.kind.operations.delete;
  return context.client.call(operation, { path: itemPath(operation, resource.name) });
}

async function applyOne(context: Context, resource: BatchResource, body: JsonObject): Promise<unknown> {
  try {
    return await send(context, resource.kind, "update", body);
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return send(context, resource.kind, "create", body);
    throw error;
  }
}

function tagged(context: Context, body: JsonObject): JsonObject {
  const added = tagsOf(context);
  return added.length === 0 ? body : { ...body, tags: [...objects(body, "tags"), ...added] };
}

function onceEach(resources: readonly BatchResource[]): BatchResource[] {
  return resources.filter((resource, index) => resources.findIndex((other) => isSame(other, resource)) === index);
}

function isSame(one: BatchResource, other: BatchResource): boolean {
  return one.kind === other.kind && one.name === other.name;
}
