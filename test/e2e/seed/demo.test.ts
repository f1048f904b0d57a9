/** `npm run demo` itself, twice in a row: on this machine, and as if it had no PowerShell. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { providePowerShell } from "../../support/powershell.ts";

const DEMO = fileURLToPath(new URL("../../../apps/cloudmaster/demo/demo.ts", import.meta.url));
const noPowerShell = providePowerShell();
const folders = (process.env.PATH ?? "").split(delimiter);

function tell(PATH: string): Promise<{ readonly code: number | null; readonly told: string }> {
  // Where the variable `CI` is set, colour codes would stand within the sentences.
  const env = { ...process.env, PATH, NO_COLOR: "1" };
  const demo = spawn(process.execPath, [DEMO], { env, stdio: ["ignore", "pipe", "inherit"] });
  let told = "";
  demo.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    told += chunk;
  });
  return new Promise((resolve) => demo.once("close", (code) => resolve({ code, told })));
}

const chapters = [
  /created vmtest01 on gcp/,
  /Deploying vmtest02 on host \S+ in SDDC-Datacenter from template/,
  /It is \d\d:\d\d:\d\d UTC/,
  /\| delivery \| +3 \|/,
  /Retried dead letter: [\w-]+\n[\s\S]*The backup of vmtest02 has failed/,
  /deleted vmtest02 on vsphere/,
  /All well after/,
];

test.skipIf(noPowerShell !== undefined)(
  `the whole story, hardening included${noPowerShell === undefined ? "" : ` (SKIPPED: ${noPowerShell})`}`,
  async () => {
    const { code, told } = await tell(folders.join(delimiter));
    for (const chapter of [...chapters, /vmtest02 in the vCenter: isolation\.tools\.copy\.disable = TRUE/])
      expect(told).toMatch(chapter);
    expect(code, told).toBe(0);
  },
  400_000,
);

test("without PowerShell it says so, and goes on", async () => {
  const { code, told } = await tell(folders.filter((folder) => !existsSync(join(folder, "pwsh"))).join(delimiter));
  for (const chapter of [...chapters, /It is not hardened here\. .*install PowerShell 7\.4/])
    expect(told).toMatch(chapter);
  expect(code, told).toBe(0);
}, 400_000);
