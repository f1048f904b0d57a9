/** `dispatch-server install`: makes the server a service of systemd, which starts it at boot and again when it fails. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { unitText } from "./unit.ts";

export interface InstallOptions {
  readonly program: string;
  /** Flags of the server, for the unit. */
  readonly flags: readonly string[];
  readonly dataDir: string;
  /** Who the server is to be; "" is root. */
  readonly user: string;
  readonly unitFolder: string;
  readonly stopMilliseconds: number;
  /** Only says what would be done. */
  readonly dryRun: boolean;
  /** Also over a unit that says something else. */
  readonly force: boolean;
}

const UNIT = "dispatch.service";
const run = promisify(execFile);

/** Returns the sentences to print. @throws Error with a sentence */
export async function install(options: InstallOptions): Promise<string> {
  const { program, flags, dataDir, stopMilliseconds, dryRun } = options;
  const user = options.user === "" || options.user === "root" ? undefined : options.user;
  if (user !== undefined && !/^[a-z_][a-z0-9_-]{0,30}$/.test(user))
    throw new Error(
      `--user is ${JSON.stringify(user)}: expected the name of a user, of small letters, digits, - and _`,
    );
  const path = join(options.unitFolder, UNIT);
  const text = unitText({ command: [program, "--data-dir", dataDir, ...flags], user, stopMilliseconds });
  if (dryRun) return plan(path, text, user, dataDir);
  if (process.getuid?.() !== 0)
    throw new Error("install writes to the system: run it as root (sudo), or see --dry-run");
  await refuseOther(path, text, options.force);
  if (user !== undefined) await makeUser(user, dataDir);
  await makeFolder(dataDir, user);
  await writeFile(path, text, { mode: 0o644 });
  return `Wrote ${path}.\n${await start()}`;
}

function plan(path: string, text: string, user: string | undefined, dataDir: string): string {
  const steps = [
    ...(user === undefined ? [] : [`make the system user ${user}, unless it is there`]),
    `make the folder ${dataDir} (0700, of ${user ?? "root"}), unless it is there`,
    `write ${path}, as below`,
    `systemctl daemon-reload, and systemctl enable --now ${UNIT}`,
  ];
  return `Nothing is done now. Without --dry-run these steps are taken:\n${steps.map((step) => `- ${step}\n`).join("")}\n${text}`;
}

/** @throws Error when somebody has written another unit */
async function refuseOther(path: string, text: string, force: boolean): Promise<void> {
  const there = existsSync(path) ? await readFile(path, "utf8") : text;
  if (there !== text && !force)
    throw new Error(`${path} is there already and says something else: --force replaces it`);
}

async function makeUser(user: string, home: string): Promise<void> {
  if ((await idsOf(user)) !== undefined) return;
  await run("useradd", ["--system", "--user-group", "--no-create-home", "--home-dir", home, user]).catch(
    (error: Error) => {
      throw new Error(`the user ${user} could not be made: ${error.message}`);
    },
  );
}

async function makeFolder(folder: string, user: string | undefined): Promise<void> {
  const [uid, gid] = user === undefined ? [0, 0] : ((await idsOf(user)) ?? [0, 0]);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid: owner } = await stat(folder);
  if (owner === uid) return;
  if (owner !== 0) throw new Error(`${folder} belongs to another user (${owner}): give another --data-dir, or --user`);
  await chown(folder, uid, gid);
}

async function idsOf(user: string): Promise<[uid: number, gid: number] | undefined> {
  const found = await run("getent", ["passwd", user]).catch(() => undefined);
  const [, , uid, gid] = found?.stdout.split(":") ?? [];
  return uid === undefined || gid === undefined ? undefined : [Number(uid), Number(gid)];
}

async function start(): Promise<string> {
  if (!existsSync("/run/systemd/system"))
    return `systemd does not run here, so nothing was started. Where it does: systemctl enable --now ${UNIT}\n`;
  await run("systemctl", ["daemon-reload"]);
  await run("systemctl", ["enable", "--now", UNIT]);
  return `It runs, and starts with the machine. Its state: systemctl status ${UNIT}; its log: journalctl -u ${UNIT}\n`;
}
