/** The demo's own folders: nothing of the user's is read or written. */
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Workplace {
  readonly folder: string;
  /** HOME of the server and of the command line. */
  readonly homeDir: string;
  readonly dataDir: string;
  /** Where the commands are typed: all-resources.yaml, the functions and the secrets. */
  readonly workDir: string;
  remove(): Promise<void>;
}

/** The resource file and what it names. */
export const SOURCES = [
  "all-resources.yaml",
  ...["dist/functions", "functions/status", "functions/harden-vm/hardenvm.ps1", "images"],
];
/** Functions that the demo writes on its way. */
const SCRIPTS = ["clock.js", "report.js"];

/** Makes fresh folders with the resource file and what it names. */
export async function createWorkplace(): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-demo-"));
  const [homeDir, dataDir, workDir] = [join(folder, "home"), join(folder, "data"), join(folder, "cloudmaster")];
  await mkdir(homeDir, { mode: 0o700 });
  await mkdir(workDir);
  const app = fileURLToPath(new URL("..", import.meta.url));
  for (const source of SOURCES) await cp(join(app, source), join(workDir, source), { recursive: true });
  for (const script of SCRIPTS) await cp(join(app, "demo/scripts", script), join(workDir, script));
  return { folder, homeDir, dataDir, workDir, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Writes `<name>.json` for each secret, for this user only. */
export async function writeSecrets(
  workDir: string,
  secrets: Readonly<Record<string, Record<string, string>>>,
): Promise<void> {
  for (const [name, values] of Object.entries(secrets)) {
    await writeFile(join(workDir, `${name}.json`), `${JSON.stringify(values, null, 2)}\n`, { mode: 0o600 });
  }
}
