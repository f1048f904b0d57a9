/** `python3` on a PATH may be a slow shim of a version manager; it is asked once for the program behind it. */
import { execFile } from "node:child_process";
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { pip } from "../installers/pip.ts";
import { entryOf, imageFolder } from "../runtime/process/guest-files.ts";
import { findOnPath, type InterpreterSearch, LINKS_AT } from "../runtime/process/interpreters.ts";
import type { LanguageAdapter } from "./language.ts";

const run = promisify(execFile);
const OLDEST = [3, 9] as const;
const LONGEST_START_MS = 30_000;
const REMEDY = "apt-get install python3";
const DESCRIBE =
  "import sys; print(getattr(sys, '_base_executable', sys.executable)); print(sys.base_prefix); print('.'.join(map(str, sys.version_info[:3])))";

const absent = (reason: string): InterpreterSearch => ({ found: false, reason, remedy: REMEDY });

const examine = async (program: string): Promise<InterpreterSearch> => {
  const asked = run(program, ["-I", "-c", DESCRIBE], { cwd: "/", timeout: LONGEST_START_MS });
  const { stdout } = await asked.catch(() => ({ stdout: "" }));
  const [executable, prefix, version] = stdout.split("\n");
  if (!executable || !prefix || !version) return absent(`${program} does not run`);
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    return absent(`${program} is Python ${version}: ${OLDEST.join(".")} or later is needed`);
  const command = await realpath(executable);
  const isBelow = command.startsWith(`${prefix}/`);
  const shown = [...(prefix === "/usr" ? [] : [prefix]), ...(isBelow ? [] : [command])];
  const binds = command.startsWith("/usr/") ? [] : shown.map((path) => ({ source: path, target: path }));
  const link = { path: `${LINKS_AT}/python3`, target: command };
  return { found: true, interpreter: { command, inside: command, version, binds, link } };
};

export const python3: LanguageAdapter = {
  interpreters: {
    title: "Python",
    programs: /^python(3(\.\d+)?)?$/,
    example: "python3.12",
    places: [
      ...["/usr/bin/python3*", "/usr/local/bin/python3*", "/opt/*/bin/python3", "~/.pyenv/versions/*/bin/python3"],
    ],
    lineParts: 2,
    remedy: REMEDY,
    locate: () => findOnPath("python3"),
    examine,
  },
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
