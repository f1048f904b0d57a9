/** This machine: who can read what is secret, and whether the server's data folder has room. */
import { statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { isThisMachine } from "../../../../core/shared/loopback.ts";
import { orElse } from "../../../../frame/errors.ts";
import type { Context } from "../../context/context.ts";
import { dataDir } from "../../context/credential.ts";
import { type Finding, finding } from "./finding.ts";

/** The configuration file may hold cookies and tokens. */
export function checkConfiguration({ config }: Context): Finding {
  const mode = modeOf(config.path);
  if (mode === undefined) return finding("configuration", "ok", "no file: the defaults are in force");
  const current = config.contexts[config.current] ? `context ${config.current}` : "no current context";
  if ((mode & 0o077) === 0) return finding("configuration", "ok", `${config.path}, ${current}`);
  const message = `others can read ${config.path} (mode ${octal(mode)}), which may hold credentials`;
  return finding("configuration", "warning", message, `chmod 600 ${config.path}`);
}

/** What can be seen only on the server's own machine. */
export function checkDataFolder({ settings, io }: Context): Finding[] {
  if (!isThisMachine(settings.host)) return [];
  const folder = dataDir(io);
  if (modeOf(folder) === undefined)
    return [finding("data folder", "skipped", `the data folder is not ${folder}`, "name it in DISPATCH_DATA_DIR")];
  return [spaceFinding(folder), ...["admin-token", "master.key"].flatMap((name) => openSecret(join(folder, name)))];
}

function openSecret(path: string): Finding[] {
  const mode = modeOf(path);
  if (mode === undefined || (mode & 0o077) === 0) return [];
  return [finding("data folder", "broken", `others can read ${path} (mode ${octal(mode)})`, `chmod 600 ${path}`)];
}

const mebibyte = 1024 * 1024;
const warningMebibytes = 1024;
const brokenMebibytes = 100;

function spaceFinding(folder: string): Finding {
  const { bavail, bsize } = statfsSync(folder);
  const free = Math.floor((bavail * bsize) / mebibyte);
  const message = `${folder} has ${free < 10_240 ? `${free} MiB` : `${Math.floor(free / 1024)} GiB`} free`;
  if (free >= warningMebibytes) return finding("data folder", "ok", message);
  return finding("data folder", free < brokenMebibytes ? "broken" : "warning", message, "make room on that disk");
}

/** Undefined when it is not there, or out of reach: then nobody else's secrets are at stake here. */
function modeOf(path: string): number | undefined {
  return orElse(() => statSync(path).mode & 0o777, undefined);
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
