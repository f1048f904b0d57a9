/** `python3` on a PATH may be a slow shim of a version manager; it is asked once for the program behind it. */
import { execFile } from "node:child_process";
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { pip } from "../builder/pip.ts";
import { findOnPath, type InterpreterSearch, LINKS_AT } from "../runtime/process/interpreters.ts";
import { entryOf, imageFolder } from "./guest-files.ts";
import type { LanguageAdapter } from "./language.ts";

const run = promisify(execFile);
const OLDEST = [3, 9] as const;
const REMEDY = "apt-get install python3";
const DESCRIBE =
  "import sys; print(getattr(sys, '_base_executable', sys.executable)); print(sys.base_prefix); print('.'.join(map(str, sys.version_info[:3])))";

const absent = (reason: string): InterpreterSearch => ({ found: false, reason, remedy: REMEDY });

const find = async (): Promise<InterpreterSearch> => {
  const onPath = await findOnPath("python3");
  if (onPath === undefined) return absent("python3 was not found on this machine");
  const described = await run(onPath, ["-I", "-c", DESCRIBE]).catch(() => ({ stdout: "" }));
  const [executable, prefix, version] = described.stdout.split("\n");
  if (!executable || !prefix || !version) return absent(`${onPath} does not run`);
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    return absent(`${onPath} is Python ${version}: ${OLDEST.join(".")} or later is needed`);
  const command = await realpath(executable);
  const binds = command.startsWith("/usr/") ? [] : [{ source: prefix, target: prefix }];
  const link = { path: `${LINKS_AT}/python3`, target: command };
  return { found: true, interpreter: { command, inside: command, version, binds, link } };
};

export const python3: LanguageAdapter = {
  find,
  guest: (sandbox, guests, image) => {
    const args = ["-I", "-S", "-B", entryOf(sandbox, guests, ["python3/main.py"])];
    if (image.folder === undefined) return { args, binds: [guests] };
    const folder = imageFolder(image.folder);
    const packages = join(sandbox.pathOf(folder), "site-packages");
    // The guest itself does not look at PYTHONPATH; a python3 that the function starts does.
    return { args, binds: [guests, folder], environment: { PYTHONPATH: packages }, modules: packages };
  },
  installer: pip,
};
