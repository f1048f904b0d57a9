/** Python dependencies: `requirements.txt`, installed by the pip of the interpreter that runs the functions. */
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { BuildError } from "../../core/shared/ports.ts";
import { interpreterPath } from "../runtime/process/interpreters.ts";
import type { Installer, InstallPlan, PlanContext } from "./installer.ts";
import { refuseRequirementFiles } from "./manifest-files.ts";
import { pipComplaints } from "./pip-complaints.ts";

const run = promisify(execFile);

/** Settings of pip that say how the index is reached; the rest of a user's configuration stays where it is. */
const PASSED =
  /^(index-url|extra-index-url|find-links|no-index|trusted-host|proxy|cert|default-timeout|timeout|retries)$/;

/**
 * Source packages are built, as pip does by default, in the sandbox. On the host's network only ready-made wheels are
 * taken, because a build could reach what listens on the host's loopback from there.
 */
export const pip: Installer = {
  name: "pip install",
  manifestFileName: "requirements.txt",
  outputName: "site-packages",
  isNeeded: (manifest) => manifest.split(/\r?\n/).some((line) => /^\s*[^\s#]/.test(line)),
  refuseFiles: refuseRequirementFiles,
  withBase,
  async readSettings({ command }, env) {
    // -s: packages of the server's own user are not seen in the sandbox, so a pip among them does not count.
    const listing = run(command, ["-s", "-m", "pip", "config", "list"], { env, cwd: "/" });
    const { stdout } = await listing.catch((cause: Error) => {
      throw new BuildError(
        `pip does not run on this machine (${lastLine(cause.message)}): apt-get install python3-pip`,
        { cause },
      );
    });
    return parsePipSettings(stdout);
  },
  plan: planPip,
  readLock: async ({ contentDir }) => lockOf(await readdir(join(contentDir, "site-packages")).catch(() => [])),
  complaints: pipComplaints,
};

/** Packages of the published base image's time import pkg_resources, which setuptools has had until version 80. */
const BASE_REQUIREMENT = "setuptools<81";

/** Who names setuptools, brings hashes or an index of one's own decides alone. */
function withBase(manifest: string): string {
  if (/^\s*(setuptools\b|-)|--hash/im.test(manifest)) return manifest;
  return `${manifest.replace(/\s*$/, "")}\n${BASE_REQUIREMENT}\n`;
}

function planPip({ interpreter, mode, manifest, settings, workDir }: PlanContext): InstallPlan {
  if (settings.network === "host") refuseBuilding(manifest);
  const target = ["--target", `${workDir}/site-packages`, "-r", `${workDir}/requirements.txt`];
  const quiet = [
    "--no-input",
    "--disable-pip-version-check",
    "--no-cache-dir",
    "--progress-bar",
    "off",
    "--no-warn-script-location",
  ];
  const wheels = settings.network === "host" ? ["--only-binary", ":all:"] : [];
  return {
    args: ["-s", "-m", "pip", "install", ...quiet, ...wheels, ...target],
    links: [interpreter.link],
    environment: { PATH: interpreterPath(interpreter, mode), TMPDIR: `${workDir}/tmp` },
    binds: interpreter.binds,
  };
}

/** `name[extras]==1.0; marker`: what pip takes from an index. Options and addresses could lead past `--only-binary`. */
const PLAIN_REQUIREMENT = /^[A-Za-z0-9][\w.-]*\s*($|[[(<>=!~;#]|--hash)/;

/** @throws BuildError for a line that could make pip build a package. */
function refuseBuilding(manifest: string): void {
  const lines = manifest.replace(/\\\r?\n/g, " ").split(/\r?\n/);
  const requirements = lines.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  const refused = requirements.find((line) => !PLAIN_REQUIREMENT.test(line) || line.includes("://"));
  if (refused === undefined) return;
  throw new BuildError(
    `requirements.txt: ${JSON.stringify(refused)} is not a plain requirement such as six==1.16.0. On the host's network only ` +
      "ready-made packages of the index are installed; options, addresses and source packages need the isolated network.",
  );
}

/**
 * `global.index-url='https://...'`, a line each, the value as Python prints a text; the later line (`:env:`, a
 * subcommand's section) wins, as it does in pip.
 */
export function parsePipSettings(listing: string): Record<string, string> {
  const settings: Record<string, string> = {};
  const lines = listing.split("\n").map((line) => /^(global|install|:env:)\.([a-z-]+)=(['"])(.*)\3$/.exec(line));
  for (const section of ["global", "install", ":env:"]) {
    for (const [, owner, key = "", , value = ""] of lines.filter((match) => match !== null)) {
      if (owner === section && PASSED.test(key)) settings[variableOf(key)] = value.replaceAll("\\n", " ").trim();
    }
  }
  return settings;
}

function variableOf(key: string): string {
  return `PIP_${key.toUpperCase().replaceAll("-", "_")}`;
}

/** Every installed distribution has a folder `<name>-<version>.dist-info`. */
function lockOf(names: readonly string[]): string {
  const pins = names.map((name) => /^([\w.-]+)-([\w.!+]+)\.dist-info$/.exec(name)).filter((match) => match !== null);
  return pins
    .map(([, name, version]) => `${name}==${version}\n`)
    .sort()
    .join("");
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
