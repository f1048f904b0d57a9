/**
 * dispatch-server: reads its settings, starts, and stops cleanly on SIGTERM and SIGINT; a second signal forces. When its
 * terminal goes (SIGHUP) it stops, too; started by nohup or a service manager, without a terminal, it goes on.
 */

import { readFileSync } from "node:fs";
import { resolve as resolvePath } from "node:path";
import { isatty } from "node:tty";
import { type Logger, pino } from "pino";
import { backUp } from "./backup/backup.ts";
import { restore } from "./backup/restore.ts";
import { keepCallsYoung } from "./collector.ts";
import { type DispatchServer, startServer } from "./compose.ts";
import { formatDuration } from "./core/shared/duration.ts";
import { messageOf } from "./core/shared/message-of.ts";
import { brokenWord } from "./core/shared/utf8.ts";
import { visibleText } from "./core/shared/visible-text.ts";
import { UsageError } from "./frame/errors.ts";
import { install } from "./install/install.ts";
import { upgrade } from "./install/upgrade.ts";
import { guardProcess, loggedError } from "./last-resort.ts";
import { type LogOutput, openLogOutput } from "./log-output.ts";
import { SettingError } from "./settings/convert.ts";
import type { Settings, SettingValue } from "./settings/definitions.ts";
import { auditArchive, databaseFile, dataFolderPath, effective, postgresAddress } from "./settings/derived.ts";
import { serverHelp, usageMistake } from "./settings/flags.ts";
import { type Invocation, readSettings } from "./settings/read.ts";
import type { Resolved } from "./settings/resolve.ts";
import { settingsJson, settingsTable } from "./settings/show.ts";
import { version } from "./version.ts";

/** What sandboxes must read is readable whatever the caller's umask is; what is private is made with a mode that says so. */
const UMASK = 0o022;

async function main(): Promise<void> {
  process.umask(UMASK);
  // A reader that went away, or a full disk below it, is no reason to end.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const words = process.argv.slice(2);
  const broken = brokenWord(words, () => readFileSync("/proc/self/cmdline"));
  if (broken !== undefined) throw new Error(broken);
  const invocation = await readSettings(words, process.env);
  if (invocation.kind === "start") await serve(invocation.settings, invocation.notices);
  else process.stdout.write(await answerTo(invocation));
}

/** What is printed when no server is to be started. */
async function answerTo(invocation: Exclude<Invocation, { kind: "start" }>): Promise<string> {
  switch (invocation.kind) {
    case "help":
      return serverHelp(invocation.command);
    case "version":
      return `dispatch-server ${version}\n`;
    case "command":
      return perform(invocation);
  }
}

async function perform(invocation: Extract<Invocation, { kind: "command" }>): Promise<string> {
  const { command, argument, options, settings, resolved } = invocation;
  if (command === "install") return install(installOptions(invocation));
  if (command === "upgrade") return upgrade(upgradeOptions(options));
  const database = postgresAddress(settings);
  if (database !== undefined && command !== "config") throw new Error(`${command}: ${inPostgres(database)}`);
  const places = {
    ...{ dataDir: dataFolderPath(settings), databaseFile: databaseFile(settings) },
    ...{ auditArchive: auditArchive(settings), file: argument },
  };
  if (command === "backup") return backUp({ ...places, withKey: options["with-key"] === true });
  if (command === "restore") return restore({ ...places, force: options.force === true });
  const inForce: Readonly<Record<string, SettingValue>> = effective(settings);
  const shown = resolved.map((one) => ({ ...one, value: inForce[one.name] ?? one.value }));
  return options.output === "json" ? settingsJson(shown) : settingsTable(shown);
}

/** What was given as flags goes into the unit; a flag with a secret would be seen by everybody. @throws SettingError */
function installOptions({ options, settings, resolved, file }: Extract<Invocation, { kind: "command" }>) {
  const given = resolved.filter(({ name, origin }) => origin === "flag" && name !== "data-dir");
  const secret = given.find((one) => one.secret || /^postgres(ql)?:\/\/[^/@]*:[^/@]+@/.test(String(one.value)));
  if (secret !== undefined)
    throw new SettingError(
      `--${secret.name} holds a secret, and everybody can read a unit: put it into a file and name that with --config`,
    );
  const namesFolder = resolved.some(({ name, origin }) => name === "data-dir" && origin !== "default");
  return {
    program: resolvePath(import.meta.dirname, "../../bin/dispatch-server"),
    flags: [...(file === "" ? [] : ["--config", resolvePath(file)]), ...given.flatMap(flagsOf)],
    dataDir: namesFolder ? dataFolderPath(settings) : "/var/lib/dispatch",
    user: String(options.user ?? ""),
    unitFolder: resolvePath(String(options["unit-dir"] ?? "/etc/systemd/system")),
    stopMilliseconds: settings["stop-grace"] + STOP_PATIENCE_MS + 5000,
    dryRun: options["dry-run"] === true,
    force: options.force === true,
  };
}

/** @throws SettingError */
function upgradeOptions(options: Readonly<Record<string, string | boolean>>) {
  const seconds = Number(options.patience ?? 60);
  if (!(seconds > 0 && seconds <= 3600))
    throw new SettingError(`--patience is ${JSON.stringify(options.patience)}: expected seconds, at most 3600`);
  return {
    program: resolvePath(String(options.program ?? resolvePath(import.meta.dirname, "../../bin/dispatch-server"))),
    unitFolder: resolvePath(String(options["unit-dir"] ?? "/etc/systemd/system")),
    patience: seconds * 1000,
    dryRun: options["dry-run"] === true,
  };
}

function flagsOf({ name, type, value }: Resolved): string[] {
  if (Array.isArray(value)) return value.map((one) => `--${name}=${one}`);
  return [`--${name}=${type === "duration" ? formatDuration(Number(value)) : value}`];
}

/** PostgreSQL has its own ways, which know how to do it while others write. */
function inPostgres(database: string): string {
  return `the database is ${database}: use pg_dump and pg_restore for it, and copy blobs and master.key of the data folder`;
}

/** Beyond the grace of running calls: for what they leave behind, and for the disk. */
const STOP_PATIENCE_MS = 30_000;

async function serve(settings: Settings, notices: readonly string[]): Promise<void> {
  const output = openLogOutput();
  const log = logger(settings, output);
  for (const notice of notices) log.warn(notice);
  // Asked now: a terminal that went is none any more.
  const hasTerminal = isatty(0);
  process.removeAllListeners("SIGHUP").on("SIGHUP", () => hangUp(log, hasTerminal));
  // Before the start: it listens before it is done.
  let started: DispatchServer | undefined;
  const stopAll = async (): Promise<void> => {
    await started?.stop();
    await output.flush();
  };
  guardProcess({ log, failing: (problem) => started?.failing(problem), stop: stopAll });
  const starting = startServer(settings, log);
  // Before it has started: it listens earlier, and what it was asked until then must not be lost.
  stopOnSignals(settings, log, async () => {
    await starting.then((server) => server.stop());
    log.info("stopped");
    await output.flush();
  });
  started = await starting;
  keepCallsYoung();
}

function stopOnSignals(settings: Settings, log: Logger, stopAll: () => Promise<void>): void {
  const giveUp = (): void => {
    log.error("the stop takes too long; what is left ends with this process");
    process.exit(1);
  };
  let stopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, "stopping: running calls end first");
    setTimeout(giveUp, settings["stop-grace"] + STOP_PATIENCE_MS).unref();
    await stopAll();
    process.exit(0);
  };
  process.on("SIGTERM", (signal) => void stop(signal));
  process.on("SIGINT", (signal) => void stop(signal));
}

/** The terminal went: that is a stop for whoever was started from one, and nothing for anybody else. */
function hangUp(log: Logger, hasTerminal: boolean): void {
  if (hasTerminal) process.kill(process.pid, "SIGTERM");
  else log.info({ signal: "SIGHUP" }, "going on: SIGTERM stops the server");
}

function logger({ debug }: Settings, output: LogOutput): Logger {
  const options = { level: debug ? "debug" : "info", base: null, serializers: { err: loggedError } };
  if (!isatty(1)) return pino(options, output);
  // Lines quote what functions and strangers wrote: on a terminal it must do nothing.
  return pino(options, { write: (line: string) => output.write(visibleText(line)) });
}

main().catch((error: unknown) => {
  const text =
    error instanceof UsageError ? usageMistake(process.argv.slice(2), error) : `dispatch-server: ${messageOf(error)}\n`;
  process.stderr.write(text);
  process.exit(1);
});
