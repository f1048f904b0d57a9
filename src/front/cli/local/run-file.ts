/** Runs a file once on a server of its own: the same sandbox, guest, limits and words as on any other. */
import { runOperations } from "../../../core/runs/contract.ts";
import { CliError } from "../../../frame/errors.ts";
import type { Values } from "../../../frame/flags.ts";
import { unlessInterrupted } from "../../../frame/pause.ts";
import type { Context } from "../context/context.ts";
import { secretValues } from "../files/given-files.ts";
import { baseImage } from "../kinds/base-image.ts";
import { functionBody, functionKind } from "../kinds/function.ts";
import { image } from "../kinds/image.ts";
import type { Kind } from "../kinds/kind.ts";
import { send } from "../kinds/resources.ts";
import { fetchRun } from "../kinds/run.ts";
import { secret } from "../kinds/secret.ts";
import { type JsonObject, list, objectOf } from "../output/json.ts";
import { inputOf, printEnd } from "../verbs/exec.ts";
import { followLines } from "../verbs/logs.ts";
import { readyOrReason } from "../verbs/wait.ts";
import type { ofFile } from "./flags.ts";
import { type FunctionPath, functionPath, manifestOf } from "./function-path.ts";
import { startOwnServer } from "./own-server.ts";

type Flags = Values<typeof ofFile> & { readonly input: string };

/** An installation may take its time. */
const LONGEST_BUILD = "30m";

/** The exit status. What could be wrong with the files is found before anything is started. @throws CliError, UsageError */
export async function runFile(given: Context, path: string, flags: Flags): Promise<number> {
  const file = await functionPath(given.io.cwd, path, flags);
  const body = await functionBody(file, flags, given.io);
  const input = await inputOf(given.io, flags.input);
  const secrets = await Promise.all(flags.secret.map((name) => secretValues(given.io, name)));
  const server = await startOwnServer(given);
  try {
    const { context } = server;
    await createImage(context, file);
    const names = secrets.map((_values, index) => `secret-${index + 1}`);
    for (const [index, values] of secrets.entries())
      await send(context, secret, "create", { name: `secret-${index + 1}`, secrets: values, tags: [] });
    await made(context, functionKind, { ...body, image: file.language, secrets: names, tags: [] });
    return await printResult(context, await runToEnd(context, file.name, input));
  } finally {
    await server.stop();
  }
}

async function createImage(context: Context, file: FunctionPath): Promise<void> {
  const { language } = file;
  const manifest = manifestOf(file);
  const base = `${language}-base`;
  await made(context, baseImage, { name: base, dockerUrl: `dispatchframework/${base}`, language, tags: [] });
  const dependencies = manifest === undefined ? {} : { runtimeDependencies: { manifest } };
  await made(context, image, { name: language, baseImageName: base, ...dependencies, tags: [] });
}

/** Creates it and waits until it can be used. @throws CliError with the server's reason */
async function made(context: Context, kind: Kind, body: JsonObject): Promise<void> {
  await send(context, kind, "create", body);
  const { problem } = await readyOrReason(context, kind, String(body.name), LONGEST_BUILD);
  if (problem !== undefined) throw new CliError(problem);
}

/** Its lines go to stderr as they come: stdout is for the result alone. */
async function runToEnd(context: Context, functionName: string, input: unknown): Promise<JsonObject> {
  const body = { blocking: false, input, reason: null, secrets: [], services: null, tags: [] };
  const { name = "" } = await context.client.call(runOperations.createRun, { query: { functionName }, body });
  const { io } = context;
  const toStderr = { ...context, io: { ...io, signal: io.signal, stdout: io.stderr } };
  await followLines(toStderr, name);
  return unlessInterrupted(fetchRun(context, functionName, name), io.signal);
}

/** Its output or its failure, which here is told with where it came from. */
async function printResult(context: Context, run: JsonObject): Promise<number> {
  const status = await printEnd(context, run, true);
  const trace = list(objectOf(run.error), "stacktrace");
  context.io.stderr(trace.map((line) => `${line}\n`).join(""));
  return status;
}
