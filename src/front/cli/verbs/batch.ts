/** `create|apply|update|delete -f FILE`: resources one after the other, in file order; `delete` goes backwards (decisions.md 5). */
import { messageOf } from "../../../core/shared/message-of.ts";
import { ApiError, NotFoundError, RefusedCredentialError } from "../../client/errors.ts";
import type { BatchResource } from "../files/parse-batch.ts";
import type { Context } from "../frame/context.ts";
import { CliError } from "../frame/errors.ts";
import { failureText } from "../frame/failure.ts";
import { helpText } from "../frame/help.ts";
import { unlessInterrupted } from "../frame/pause.ts";
import { globalFlags } from "../frame/settings.ts";
import { itemPath, objects, tagsOf } from "../kinds/kind.ts";
import { allKinds } from "../kinds/kinds.ts";
import { printData, printNotes } from "../output/print.ts";
import { isObject, type JsonObject, shaped } from "../output/shape.ts";
import { send } from "./send.ts";
import { readyOrReason } from "./wait.ts";

export type BatchVerb = "create" | "apply" | "update" | "delete";

/** The flags of those who send batches; `delete` has fewer than `create`. */
export interface BatchFlags {
  readonly file: readonly string[];
  readonly "work-dir": string | undefined;
  readonly "dry-run"?: boolean;
  readonly wait?: boolean;
  readonly "wait-timeout"?: string;
  readonly application?: string | undefined;
}

/** The help without `-f`. */
export async function batch(context: Context, verb: BatchVerb, flags: BatchFlags): Promise<number> {
  const { io, path } = context;
  if (flags.file.length === 0) {
    io.stdout(helpText(path, globalFlags));
    return 0;
  }
  const { parseBatch, readSources } = await import("../files/resource-files.ts");
  const resources = parseBatch(await readSources(io, flags.file, flags["work-dir"]), verb);
  if (resources.length === 0) throw new CliError(`${flags.file.join(", ")}: no resources found`);
  if (!flags["dry-run"]) return sendAll(context, verb, flags, resources);
  for (const { kind, name, place } of inOrder(verb, resources))
    io.stdout(`Would ${verb} ${kind.kind}: ${name} (${place})\n`);
  return 0;
}

interface Done {
  readonly resource: BatchResource;
  readonly answer: JsonObject;
}

interface BatchResult {
  readonly done: readonly Done[];
  readonly failed: readonly BatchResource[];
  /** Resources that were not tried: the server could not be reached, knew nobody of us, or the user interrupted. */
  readonly skipped: readonly BatchResource[];
}

type Sending = Omit<BatchFlags, "file">;

/** Sends, waits with --wait, and reports; returns the exit status. */
export async function sendAll(
  context: Context,
  verb: BatchVerb,
  flags: Sending,
  resources: readonly BatchResource[],
): Promise<number> {
  const { io, format } = context;
  const result = await sendInOrder(context, verb, flags, resources);
  const limit = flags.wait ? flags["wait-timeout"] : undefined;
  const { done, problems } =
    limit === undefined ? { ...result, problems: [] } : await waitForAll(context, result, limit);
  if (format === "name") io.stdout(done.map(({ resource }) => `${resource.kind.word}/${resource.name}\n`).join(""));
  else if (format !== "table") await printData(context, summaryObject(done));
  for (const problem of problems) io.stderr(`${problem}\n`);
  if (result.failed.length > 0) io.stderr(failures(verb, result, resources.length));
  return result.failed.length + problems.length > 0 ? 1 : 0;
}

const past = { create: "Created", apply: "Applied", update: "Updated", delete: "Deleted" } as const;

/** Prints one line after each success and goes on after an error, unless the server cannot be reached. */
async function sendInOrder(
  context: Context,
  verb: BatchVerb,
  flags: Sending,
  resources: readonly BatchResource[],
): Promise<BatchResult> {
  const { io, format, settings } = context;
  const done: Done[] = [];
  const failed: BatchResource[] = [];
  const ordered = inOrder(verb, resources);
  for (const [index, resource] of ordered.entries()) {
    const { kind, name } = resource;
    // A name that stands in the file twice is an update the second time.
    const own = verb === "create" && done.some((other) => isSame(other.resource, resource)) ? "update" : verb;
    try {
      const answer = await unlessInterrupted(sendOne(context, own, flags, resource), io.signal, "interrupted");
      done.push({ resource, answer: isObject(answer) ? answer : { name } });
      if (format === "table") io.stdout(`${past[own]} ${kind.kind}: ${name}\n`);
      if (verb !== "delete" && isObject(answer)) printNotes(context, kind, answer);
    } catch (error) {
      io.stderr(`${failureText(error, settings) ?? messageOf(error)}\n`);
      failed.push(resource);
      if (io.signal.aborted || endsBatch(error)) return { done, failed, skipped: ordered.slice(index + 1) };
    }
  }
  return { done, failed, skipped: [] };
}

/** The resources in the order in which they are sent; each is deleted once, what stands last first. */
function inOrder(verb: BatchVerb, resources: readonly BatchResource[]): readonly BatchResource[] {
  if (verb !== "delete") return resources;
  return resources
    .filter((resource, index) => resources.findIndex((other) => isSame(other, resource)) === index)
    .toReversed();
}

function isSame(one: BatchResource, other: BatchResource): boolean {
  return one.kind === other.kind && one.name === other.name;
}

/** The resources after it would fail in the same way. */
function endsBatch(error: unknown): boolean {
  return error instanceof RefusedCredentialError || !(error instanceof ApiError || error instanceof CliError);
}

async function sendOne(context: Context, verb: BatchVerb, flags: Sending, resource: BatchResource): Promise<unknown> {
  const { kind, name } = resource;
  const { delete: operation } = kind.operations;
  if (verb === "delete") return context.client.call(operation, { path: itemPath(operation, name) });
  const { completeBody } = await import("../files/resource-files.ts");
  const body = await completeBody(resource, { cwd: context.io.cwd, workDir: flags["work-dir"] });
  const added = tagsOf({ application: flags.application });
  const tagged = added.length === 0 ? body : { ...body, tags: [...objects(body, "tags"), ...added] };
  if (verb !== "apply") return send(context, kind, verb, tagged);
  return send(context, kind, "update", tagged).catch((error: unknown) => {
    if (error instanceof NotFoundError) return send(context, kind, "create", tagged);
    throw error;
  });
}

async function waitForAll(context: Context, { done }: BatchResult, limit: string) {
  const problems = new Set<string>();
  const last: Done[] = [];
  for (const { resource, answer } of done) {
    const { kind, name } = resource;
    const waited = kind.hasStatus ? await readyOrReason(context, kind, name, limit) : { resource: answer };
    last.push({ resource, answer: waited.resource });
    if (waited.problem !== undefined) problems.add(waited.problem);
  }
  return { done: last, problems: [...problems] };
}

/** The order of the keys of a batch's JSON; `serviceInstances` are no more, but scripts may look. */
const summaryKeys =
  "api baseImages images driverTypes drivers subscriptions functions secrets policies serviceInstances serviceaccounts organizations".split(
    " ",
  );

function summaryObject(done: readonly Done[]): Record<string, unknown> {
  const all = new Set([...summaryKeys, ...allKinds.map((kind) => kind.summaryKey)]);
  return Object.fromEntries([...all].map((key) => [key, answersOf(done, key)]));
}

function answersOf(done: readonly Done[], summaryKey: string): readonly JsonObject[] | null {
  const kind = allKinds.find((candidate) => candidate.summaryKey === summaryKey);
  const own = done.filter(({ resource }) => resource.kind === kind);
  return kind && own.length > 0 ? own.map(({ answer }) => shaped(answer, kind.shape)) : null;
}

function failures(verb: BatchVerb, { done, failed, skipped }: BatchResult, total: number): string {
  const names = failed.map(({ kind, name }) => `${kind.kind} ${name}`).join(", ");
  const again = verb === "create" || verb === "apply" ? "; dispatch apply with the same files does the rest" : "";
  const untried = skipped.length === 0 ? "" : `; not tried: ${skipped.length}${done.length > 0 ? again : ""}`;
  return `${verb}: ${failed.length} of ${total} resources failed: ${names}${untried}\n`;
}
