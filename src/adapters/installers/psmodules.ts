/** PowerShell modules: `requirements.psd1`, installed by a small client for NuGet feeds (src/guest/powershell/install.ps1). */
import { join } from "node:path";
import { BuildError } from "../../core/shared/ports.ts";
import { defaultGuestFolder, GUEST_AT } from "../runtime/process/guest-files.ts";
import { interpreterPath } from "../runtime/process/interpreters.ts";
import type { Installer, PlanContext } from "./installer.ts";
import { readUntrusted } from "./read-untrusted.ts";

/** The feed that is asked: an address of the old protocol (.../api/v2) or of the new one (.../index.json). */
const FEED = "POWERSHELL_FEED";
const GALLERY = "https://www.powershellgallery.com/api/v2";

/** `@{ }`, but for comments. */
const isEmpty = (manifest: string): boolean =>
  /^\s*(@\{\s*\}\s*)?$/.test(manifest.replace(/<#[\s\S]*?#>|#[^\n]*/g, ""));

export const psmodules: Installer = {
  name: "PowerShell modules",
  manifestFileName: "requirements.psd1",
  outputName: "Modules",
  isNeeded: (manifest) => {
    if (isEmpty(manifest)) return false;
    if (/^\s*@\{/m.test(manifest)) return true;
    throw new BuildError(
      "The manifest of a PowerShell image is a requirements.psd1: a table @{ Name = 'version' } was expected.",
    );
  },
  refuseFiles: () => {},
  readSettings: async (_interpreter, environment) => ({ [FEED]: environment[FEED] || GALLERY }),
  plan: ({ interpreter, mode, workDir, pathOf }: PlanContext) => {
    const bind = { source: defaultGuestFolder(), target: GUEST_AT };
    const script = join(pathOf(bind), "powershell/install.ps1");
    return {
      args: ["-NoLogo", "-NoProfile", "-NonInteractive", "-File", script, workDir],
      links: [interpreter.link],
      environment: {
        ...{
          PATH: interpreterPath(interpreter, mode),
          TMPDIR: `${workDir}/tmp`,
          HOME: `${workDir}/tmp`,
          NO_COLOR: "1",
        },
        ...{ POWERSHELL_TELEMETRY_OPTOUT: "1", POWERSHELL_UPDATECHECK: "Off", DOTNET_EnableDiagnostics: "0" },
      },
      binds: [...interpreter.binds, bind],
    };
  },
  readLock: async ({ workDir }) => (await readUntrusted(join(workDir, "modules.lock"))) ?? "",
  complaints: (lines) => lines.filter((line) => line.startsWith("ERROR: ")),
};
