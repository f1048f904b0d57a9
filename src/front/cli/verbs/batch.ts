/** `create|apply|update|delete -f FILE`: resources one after the other, in file order; `delete` goes backwards (decisions.md 5). */
import { messageOf } from "../../../core/shared/message-of.ts";
import { CliError } from "../../../frame/errors.ts";
import type { FlagTable, Values } from "../../../frame/flags.ts";
import { helpText } from "../../../frame/help.ts";
import { unlessInterrupted } from "../../../frame/pause.ts";
import { spanMilliseconds } from "../../../frame/spans.ts";
import { ApiError, RefusedCredentialError } from "../../client/errors.ts";
import { type Command, type Context, command } from "../context/context.ts";
import { failureText } from "../context/failure.ts";
import { globalFlags } from "../context/settings.ts";
import { readSources } from "../files/batch-source.ts";
import { completeBody } from "../files/complete-body.ts";
import type { BatchResource } from "../files/parse-batch.ts";
import { type application, tagsOf } from "../kinds/kind.ts";
import { allKinds } from "../kinds/kinds.ts";
import { put, send } from "../kinds/resources.ts";
import { type JsonObject, objectsOf } from "../output/json.ts";
import { printData, printNotes } from "../output/print.ts";
import { shaped } from "../output/shape.ts";
import { type dryRun, files, type wait, workDir } from "./flags.ts";
import { readyOrReason } from "./wait.ts";

export type BatchVerb = "create" | "apply" | "update" | "delete";

const ofFiles = { ...files, ...workDir };

/** What may be said of how a batch is sent; `delete` takes less than `create`. */
type Sending = Partial<Values<typeof workDir & typeof dryRun & typeof wait & typeof application>>;

type GroupData = Pick<Command, "summary" | "examples" | "commands" | "elsewhere">;

/** A verb that sends files, with the commands below it; the help without `-f`. */
export function fileVerb(verb: BatchVerb, flags: FlagTable, data: GroupData) {
  return command({
    ...data,
    name: verb,
    ...(data.commands && { childWord: "resource type" }),
    flags: { ...ofFiles, ...flags },
    run: async ({ flags: given, ...context }) => {
      const { file, ...sending } = given as Values<typeof ofFiles> & Sending;
      const resources = file.length === 0 ? [] : await readResources(context, verb, given);
      if (file.length > 0 && !sending["dry-run"]) return sendAll(context, verb, sending, resources);
      const lines = inOrder(verb, resources).map(({ kind, name, place }) => `${kind.kind}: ${name} (${place})\n`);
      const planned = lines.map((line) => `Would ${verb} ${line}`).join("");
      context.io.stdout(file.length === 0 ? helpText(context.path, globalFlags) : planned);
      return 0;
    },
  });
}

/** The resources of all files. @throws CliError with every mistake in them, and when there are none */
export async function readResources({ io }: Context, verb: BatchVerb | "diff", flags: Values<typeof ofFiles>) {
  const { parseBatch } = await import("../files/parse-batch.ts");
  const resources = parseBatch(await readSources(io, flags.file, flags["work-dir"]), verb);
  if (resources.length === 0) throw new CliError(`${flags.file.join(", ")}: no resources found`);
  return resources;
}

interface Done {
  readonly resource: BatchResource;
  answer: JsonObject;
}

const past = { create: "Created", apply: "Applied", update: "Updated", delete: "Deleted" } as const;

/**
 * Sends, waits with --wait, and reports; returns the exit status. Prints one line after each success and goes on after an
 * error, unless the server cannot be reached or refuses the credential, or the user interrupted.
 */
export async function sendAll(context: Context, verb: BatchVerb, flags: Sending, resources: readonly BatchResource[]) {
  const { io, format, settings } = context;
  const limit = flags["wait-timeout"] ?? "";
  // What is wrong with it is said before anything is sent.
  if (flags.wait) spanMilliseconds("wait-timeout", limit);
  const done: Done[] = [];
  const failed: BatchResource[] = [];
  const ordered = inOrder(verb, resources);
  for (const resource of ordered) {
    const { kind, name } = resource;
    // A name that stands in the file twice is an update the second time.
    const own = verb === "create" && done.some((other) => isSame(other.resource, resource)) ? "update" : verb;
    try {
      const answer = await unlessInterrupted(sendOne(context, own, flags, resource), io.signal);
      done.push({ resource, answer });
      if (format === "table") io.stdout(`${past[own]} ${kind.kind}: ${name}\n`);
      if (verb !== "delete") printNotes(context, kind, answer);
    } catch (error) {
      io.stderr(`${failureText(error, settings) ?? messageOf(error)}\n`);
      failed.push(resource);
      if (io.signal.aborted || endsBatch(error)) break;
    }
  }
  const problems = flags.wait ? await waitForAll(context, done, limit) : new Set();
  if (format === "name") io.stdout(done.map(({ resource }) => `${resource.kind.word}/${resource.name}\n`).join(""));
  else if (format !== "table") await printData(context, summaryOf(done));
  for (const problem of problems) io.stderr(`${problem}\n`);
  if (failed.length > 0) io.stderr(failures(verb, done, failed, ordered.length));
  return failed.length + problems.size > 0 ? 1 : 0;
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

async function sendOne(context: Context, verb: BatchVerb, flags: Sending, resource: BatchResource) {
  const { kind, name } = resource;
  const { application, "work-dir": workDir } = flags;
  if (verb === "delete") return send(context, kind, verb, { name });
  const body = await completeBody(resource, context.io.cwd, workDir);
  const tags = [...objectsOf(body.tags), ...tagsOf({ application })];
  const tagged = application === undefined ? body : { ...body, tags };
  return verb === "apply" ? put(context, kind, tagged) : send(context, kind, verb, tagged);
}

/** Puts the last state of each in the place of its answer. Returns why some are not READY. */
async function waitForAll(context: Context, done: readonly Done[], limit: string): Promise<Set<string>> {
  const problems = new Set<string>();
  for (const one of done.filter(({ resource }) => resource.kind.hasStatus)) {
    const { resource, problem } = await readyOrReason(context, one.resource.kind, one.resource.name, limit);
    one.answer = resource;
    if (problem !== undefined) problems.add(problem);
  }
  return problems;
}

/** The order of the keys of a batch's JSON; `serviceInstances` are no more, but scripts may look. */
const summaryKeys =
  "api baseImages images driverTypes drivers subscriptions functions secrets policies serviceInstances serviceaccounts organizations".split(
    " ",
  );

function summaryOf(done: readonly Done[]): Record<string, unknown> {
  const all = new Set([...summaryKeys, ...allKinds.map((kind) => kind.summaryKey)]);
  return Object.fromEntries(
    [...all].map((key) => {
      const own = done.filter(({ resource: { kind } }) => kind.summaryKey === key);
      return [key, own.length === 0 ? null : own.map(({ resource, answer }) => shaped(answer, resource.kind.shape))];
    }),
  );
}

function failures(verb: BatchVerb, done: readonly Done[], failed: readonly BatchResource[], total: number): string {
  const names = failed.map(({ kind, name }) => `${kind.kind} ${name}`).join(", ");
  const again = verb === "create" || verb === "apply" ? "; dispatch apply with the same files does the rest" : "";
  const skipped = total - done.length - failed.length;
  const untried = skipped === 0 ? "" : `; not tried: ${skipped}${done.length > 0 ? again : ""}`;
  return `${verb}: ${failed.length} of ${total} resources failed: ${names}${untried}\n`;
}
