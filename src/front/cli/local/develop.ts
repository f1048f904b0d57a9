/** `dev`: saved code is deployed at once; what runs is shown until Ctrl-C. */
import { dirname, resolve } from "node:path";
import { codeOf, messageOf } from "../../../core/shared/message-of.ts";
import { CliError } from "../../../frame/errors.ts";
import { pause, unlessInterrupted } from "../../../frame/pause.ts";
import type { Context } from "../context/context.ts";
import { failureText } from "../context/failure.ts";
import { walkFolder } from "../files/walk-folder.ts";
import { invokeAgain } from "../verbs/invoke.ts";
import { Deployer } from "./deployer.ts";
import { type DevFlags, type DevFunction, developed } from "./dev-function.ts";
import { showRuns } from "./show-runs.ts";
import { type Watch, watchFolders } from "./watch.ts";

const RETRY_MS = 1000;

/** The exit status, after Ctrl-C. @throws CliError, UsageError for what cannot be deployed at all */
export async function develop(context: Context, path: string, flags: DevFlags): Promise<number> {
  const { io } = context;
  const target = await developed(context, path, flags);
  const watch = watchFolders(() => foldersOf(context, target, flags));
  try {
    await untilInterrupted(context, target, watch);
  } catch (error) {
    if (!io.signal.aborted) throw error;
  } finally {
    watch.close();
  }
  io.stderr(`stopped; function ${target.name} stays as it is\n`);
  return 0;
}

async function untilInterrupted(context: Context, target: DevFunction, watch: Watch): Promise<never> {
  const deployer = new Deployer(context, target);
  // From before the first look at the files, so that no change is missed.
  let next = watch.changed();
  let since = performance.now();
  let shown = false;
  for (;;) {
    const again = await reloaded(context, deployer, since);
    if (again) {
      await pause(RETRY_MS, context.io.signal);
      continue;
    }
    if (!shown) begin(context, target);
    shown = true;
    since = await unlessInterrupted(next, context.io.signal);
    next = watch.changed();
  }
}

/** Shows the runs and takes the Enter key, both until the end. */
function begin(context: Context, { name, path }: DevFunction): void {
  context.io.stderr(`watching ${path}; Enter invokes the last input again, Ctrl-C ends\n`);
  void showRuns(context, name);
  void takeKeys(context, name);
}

/** Whether it is to be tried again without a change, because the server was not there. */
async function reloaded({ io, settings }: Context, deployer: Deployer, since: number): Promise<boolean> {
  try {
    await deployer.deploy(since);
    return false;
  } catch (error) {
    if (io.signal.aborted) throw error;
    const failure = failureText(error, settings);
    deployer.say(failure ?? messageOf(error));
    // A file that cannot be read ends nothing: the next save may put it right.
    if (failure === undefined && !(error instanceof CliError) && codeOf(error) === undefined) throw error;
    return failure !== undefined;
  }
}

async function takeKeys(context: Context, name: string): Promise<void> {
  for await (const _line of context.io.lines()) {
    // Its lines and its end are shown as those of every run.
    await invokeAgain(context, name).catch((error: unknown) => {
      if (!context.io.signal.aborted) context.io.stderr(`${failureText(error) ?? messageOf(error)}\n`);
    });
  }
}

/** Where something may be saved that matters: code, manifest, secrets, schemas. */
async function foldersOf({ io }: Context, { file }: DevFunction, flags: DevFlags): Promise<readonly string[]> {
  const files = [...flags.secret, flags["schema-in"] ?? [], flags["schema-out"] ?? []].flat();
  const beside = files.map((path) => dirname(resolve(io.cwd, path)));
  if (!file.isFolder) return [dirname(file.absolute), ...beside];
  // While folders are being moved some are missing: the next change asks again.
  const entries = await walkFolder(file.absolute).catch(() => []);
  return [file.absolute, ...entries.filter(({ kind }) => kind === "folder").map(({ path }) => path), ...beside];
}
