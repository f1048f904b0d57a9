/** PowerShell 7: `pwsh` with the folder that it lies in. */
import { execFile } from "node:child_process";
import { realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { psmodules } from "../installers/psmodules.ts";
import { entryOf, imageFolder } from "../runtime/process/guest-files.ts";
import { findOnPath, type InterpreterSearch, LINKS_AT } from "../runtime/process/interpreters.ts";
import type { LanguageAdapter } from "./language.ts";

const run = promisify(execFile);
const OLDEST = [7, 4] as const;
const REMEDY =
  "install PowerShell 7.4 or later (https://learn.microsoft.com/powershell/scripting/install) and put pwsh on the server's PATH";
/** Wherever it lies on the host, also where a sandbox has folders of its own. */
const POWERSHELL_AT = "/opt/dispatch/powershell";
const LONGEST_START_MS = 30_000;

/** Nothing is told to anybody, looked for or coloured; what a worker throws away is collected early. */
const ENVIRONMENT = {
  POWERSHELL_TELEMETRY_OPTOUT: "1",
  POWERSHELL_UPDATECHECK: "Off",
  NO_COLOR: "1",
  DOTNET_CLI_TELEMETRY_OPTOUT: "1",
  DOTNET_EnableDiagnostics: "0",
  DOTNET_gcServer: "0",
  DOTNET_GCgen0size: "0x1000000",
};

const absent = (reason: string): InterpreterSearch => ({ found: false, reason, remedy: REMEDY });

const examine = async (program: string): Promise<InterpreterSearch> => {
  const env = { ...process.env, ...ENVIRONMENT };
  const asked = run(program, ["-Version"], { env, cwd: "/", timeout: LONGEST_START_MS });
  const { stdout } = await asked.catch(() => ({ stdout: "" }));
  const [, version, major, minor] = /(([0-9]+)\.([0-9]+)\.[0-9]+)/.exec(stdout) ?? [];
  if (version === undefined) return absent(`${program} does not run`);
  if (Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1]))
    return absent(`${program} is PowerShell ${version}: ${OLDEST.join(".")} or later is needed`);
  const command = await realpath(program);
  const folder = dirname(command);
  const isShown = command.startsWith("/usr/");
  const binds = isShown ? [] : [{ source: folder, target: POWERSHELL_AT }];
  const inside = isShown ? command : join(POWERSHELL_AT, basename(command));
  const link = { path: `${LINKS_AT}/pwsh`, target: inside };
  return { found: true, interpreter: { command, inside, version, binds, link } };
};

export const powershell: LanguageAdapter = {
  interpreters: {
    title: "PowerShell",
    programs: /^pwsh(-\w+)?$/,
    example: "pwsh",
    places: ["/usr/bin/pwsh*", "/usr/local/bin/pwsh*", "/opt/microsoft/powershell/*/pwsh", "/opt/*/pwsh"],
    lineParts: 1,
    remedy: REMEDY,
    locate: () => findOnPath("pwsh"),
    examine,
  },
  guest: (sandbox, guests, image) => {
    const entry = entryOf(sandbox, guests, ["powershell/main.ps1"]);
    const args = ["-NoLogo", "-NoProfile", "-NonInteractive", "-File", entry];
    if (image.folder === undefined) return { args, binds: [guests], environment: ENVIRONMENT };
    const folder = imageFolder(image.folder);
    const modules = join(sandbox.pathOf(folder), "Modules");
    return { args, binds: [guests, folder], environment: ENVIRONMENT, modules };
  },
  installer: psmodules,
};
