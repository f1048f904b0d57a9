/** `dispatch-server upgrade`: the service of systemd gets this program; the old one again when the new one is not well. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { backUp } from "../backup/backup.ts";
import { messageOf } from "../core/shared/message-of.ts";
import { auditArchive, databaseFile, dataFolderPath, postgresAddress } from "../settings/derived.ts";
import { readSettings } from "../settings/read.ts";
import { isHealthy } from "./health.ts";
import { commandOf, quoted } from "./unit.ts";

export interface UpgradeOptions {
  /** What the service is to run. */
  readonly program: string;
  readonly unitFolder: string;
  /** How long the new server may take until it is well, in milliseconds. */
  readonly patience: number;
  readonly dryRun: boolean;
}

/** The service as it is. */
interface Installed {
  readonly path: string;
  readonly unit: string;
  readonly words: readonly string[];
  readonly dataDir: string;
  readonly databaseFile: string;
  readonly auditArchive: string;
  readonly address: string;
}

const UNIT = "dispatch.service";
const run = promisify(execFile);

/** Returns the sentences to print. @throws Error with a sentence, after the old server was started again */
export async function upgrade(options: UpgradeOptions): Promise<string> {
  const installed = await findInstalled(options.unitFolder);
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const backup = join(installed.dataDir, `before-upgrade-${time}.tar.gz`);
  if (options.dryRun) return planOf(installed, options, backup);
  if (process.getuid?.() !== 0)
    throw new Error("upgrade writes to the system: run it as root (sudo), or see --dry-run");
  await backUp({ ...installed, file: backup, withKey: false });
  await run("systemctl", ["stop", UNIT]);
  const kept = await keepDatabase(installed, time);
  try {
    await startWith(installed.path, unitOf(installed, options.program));
    if (!(await isHealthy(installed.address, options.patience)))
      throw new Error(`it was not well after ${options.patience / 1000} s: ${installed.address}/healthz`);
  } catch (error) {
    await goBack(installed, kept);
    throw new Error(await failureText(installed, options, backup, error), { cause: error });
  }
  return `${UNIT} runs ${options.program}.\nThe state of before is in ${backup}; its database is also kept as ${kept[0] ?? "none"}.\n`;
}

async function findInstalled(folder: string): Promise<Installed> {
  const path = join(folder, UNIT);
  if (!existsSync(path)) throw new Error(`there is no service ${path}: dispatch-server install makes one`);
  const unit = await readFile(path, "utf8");
  const words = commandOf(unit);
  const invocation = words === undefined ? undefined : await readSettings(words.slice(1), {});
  if (words === undefined || invocation?.kind !== "start")
    throw new Error(`${path} starts no dispatch-server: its ExecStart must name the program and the server's flags`);
  const { settings } = invocation;
  if (postgresAddress(settings) !== undefined)
    throw new Error("upgrade keeps databases of SQLite only: use pg_dump, then change the program in the unit");
  const [scheme, port] = settings["disable-http"] ? ["https", settings["tls-port"]] : ["http", settings.port];
  if (port === 0)
    throw new Error(`${path} names no port of the API, so nobody could see whether the new server is well`);
  const address = `${scheme}://127.0.0.1:${port}`;
  const places = { dataDir: dataFolderPath(settings), databaseFile: databaseFile(settings) };
  return { path, unit, words, ...places, auditArchive: auditArchive(settings), address };
}

function planOf(
  { words, path, databaseFile: file }: Installed,
  { program, patience }: UpgradeOptions,
  backup: string,
): string {
  const steps = [
    `write a backup to ${backup}, while ${words[0]} runs`,
    `systemctl stop ${UNIT}, and keep a copy of ${file}`,
    `write ${program} into ${path}, and start it: it brings the database to its shape`,
    `ask /healthz for at most ${patience / 1000} s; if it is not well, bring back copy and unit, and start ${words[0]} again`,
  ];
  return `Nothing is done now. Without --dry-run these steps are taken:\n${steps.map((step) => `- ${step}\n`).join("")}`;
}

function unitOf({ unit, words }: Installed, program: string): string {
  return unit.replace(/^ExecStart=.*$/m, () => `ExecStart=${[program, ...words.slice(1)].map(quoted).join(" ")}`);
}

const filesOf = (file: string): string[] => ["", "-wal", "-shm"].map((suffix) => `${file}${suffix}`);

/** Nobody writes now. Gives the copies. */
async function keepDatabase({ databaseFile: file }: Installed, time: string): Promise<string[]> {
  const present = filesOf(file).filter((path) => existsSync(path));
  for (const path of present) await copyFile(path, `${path}.before-upgrade-${time}`);
  return present.map((path) => `${path}.before-upgrade-${time}`);
}

async function startWith(path: string, unit: string): Promise<void> {
  await writeFile(path, unit);
  await run("systemctl", ["daemon-reload"]);
  await run("systemctl", ["start", UNIT]);
}

/** What the new server has written in the meantime goes: the old one could not read it. */
async function goBack(installed: Installed, kept: readonly string[]): Promise<void> {
  await run("systemctl", ["stop", UNIT]).catch(() => undefined);
  for (const path of filesOf(installed.databaseFile)) await rm(path, { force: true });
  for (const copy of kept) await rename(copy, copy.replace(/\.before-upgrade-\w+$/, ""));
  await startWith(installed.path, installed.unit);
}

async function failureText(
  { words, address }: Installed,
  { program, patience }: UpgradeOptions,
  backup: string,
  error: unknown,
) {
  const reason = messageOf(error);
  const back = (await isHealthy(address, patience))
    ? "runs again, with its data"
    : "was started again, but is not well";
  return `${program} was not taken: ${reason}\n${words[0]} ${back}. The backup is ${backup}; the log: journalctl -u ${UNIT}`;
}
