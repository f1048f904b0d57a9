/** This machine: who can read what is secret, and whether the server's data folder has room. */

import { statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { isThisMachine } from "../../../../core/shared/loopback.ts";
import type { Context } from "../../frame/context.ts";
import { dataDir } from "../../frame/credential.ts";
import type { Finding } from "./finding.ts";

/** The configuration file may hold cookies and tokens. */
export function checkConfiguration({ config }: Context): Finding {
  const check = "configuration";
  const mode = modeOf(config.path);
  if (mode === undefined) return { check, state: "ok", message: "no file: the defaults are in force" };
  const current = config.contexts[config.current] ? `context ${config.current}` : "no current context";
  if ((mode & 0o077) === 0) return { check, state: "ok", message: `${config.path}, ${current}` };
  const message = `others can read ${config.path} (mode ${octal(mode)}), which may hold credentials`;
  return { check, state: "warning", message, remedy: `chmod 600 ${config.path}` };
}

/** What can be seen only on the server's own machine. */
export function checkDataFolder({ settings, io }: Context): Finding[] {
  if (!isThisMachine(settings.host)) return [];
  const folder = dataDir(io);
  if (modeOf(folder) === undefined) {
    const message = `the data folder is not ${folder}`;
    return [{ check: "data folder", state: "skipped", message, remedy: "name it in DISPATCH_DATA_DIR" }];
  }
  const secrets = ["admin-token", "master.key"].map((name) => join(folder, name));
  const open = secrets.flatMap(openSecret);
  return [spaceFinding(folder), ...open];
}

function openSecret(path: string): Finding[] {
  const mode = modeOf(path);
  if (mode === undefined || (mode & 0o077) === 0) return [];
  const message = `others can read ${path} (mode ${octal(mode)})`;
  return [{ check: "data folder", state: "broken", message, remedy: `chmod 600 ${path}` }];
}

const mebibyte = 1024 * 1024;
const warningMebibytes = 1024;
const brokenMebibytes = 100;

function spaceFinding(folder: string): Finding {
  const { bavail, bsize } = statfsSync(folder);
  const free = Math.floor((bavail * bsize) / mebibyte);
  const message = `${folder} has ${free < 10_240 ? `${free} MiB` : `${Math.floor(free / 1024)} GiB`} free`;
  const state = free < brokenMebibytes ? "broken" : free < warningMebibytes ? "warning" : "ok";
  return { check: "data folder", state, message, ...(state === "ok" ? {} : { remedy: "make room on that disk" }) };
}

function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o777;
  } catch {
    // Not there, or out of reach: then nobody else's secrets are at stake here.
    return undefined;
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
