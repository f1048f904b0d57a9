/** A PowerShell for the tests: the machine's own, or the one that lies in `shared/tools` beside the repository. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const toolsFolder = join(root, ".cache/tools");

const isOnPath = (): boolean =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, "pwsh")));

/** Puts `pwsh` on the PATH of this process and of what it starts. @returns why there is none, or undefined */
export const providePowerShell = (): string | undefined => {
  if (isOnPath()) return undefined;
  const packed = join(root, "../shared/tools/pwsh-linux-x64.tar.xz");
  const folder = join(toolsFolder, "pwsh");
  if (!existsSync(join(folder, "pwsh"))) {
    if (!existsSync(packed)) return "pwsh is not on the PATH of this machine";
    mkdirSync(toolsFolder, { recursive: true });
    // Aside first: several test files may want it at once.
    const aside = `${folder}-${process.pid}`;
    mkdirSync(aside, { recursive: true });
    execFileSync("tar", ["-xf", packed, "-C", aside]);
    execFileSync("sh", ["-c", 'mv -T "$1/pwsh" "$2" 2>/dev/null || :; rm -rf "$1"', "sh", aside, folder]);
  }
  process.env.PATH = `${folder}${delimiter}${process.env.PATH ?? ""}`;
  return undefined;
};
