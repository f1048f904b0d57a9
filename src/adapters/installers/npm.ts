/** Node.js dependencies: `package.json`, installed by npm on the server's own Node. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { BuildError } from "../../core/shared/ports.ts";
import { interpreterPath } from "../runtime/process/interpreters.ts";
import type { Installer, InstallPlan, PlanContext } from "./installer.ts";
import { refusePackageFiles } from "./manifest-files.ts";
import { findNpm } from "./npm-location.ts";
import { readUntrusted } from "./read-untrusted.ts";

const run = promisify(execFile);

const NPM_AT = "/opt/dispatch/npm";

/** Sections of package.json that make npm do something. */
const SECTIONS = ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "scripts"];

/** Settings of npm that say how the registry is reached; the rest of a user's .npmrc stays where it is. */
const PASSED = /^(registry|@[^:]+:registry|proxy|https-proxy|noproxy|cafile|strict-ssl)$/;

/**
 * Install scripts run, as npm has them by default: many packages need them, and they see nothing but the sandbox. On the
 * host's network they do not, because from there they could reach what listens on the host's loopback.
 */
export const npm: Installer = {
  name: "npm install",
  manifestFileName: "package.json",
  outputName: "node_modules",
  isNeeded: (manifest) => manifest.trim() !== "" && hasSections(parseManifest(manifest)),
  refuseFiles: (manifest) => refusePackageFiles({ ...parseManifest(manifest) }),
  async readSettings(_interpreter, environment) {
    const folder = locateNpm(environment);
    // npm looks for its global configuration beside the Node that runs it; PREFIX names the one it was installed with.
    const env = { ...environment, PREFIX: join(folder, "../../..") };
    const { stdout } = await run(process.execPath, [join(folder, "bin/npm-cli.js"), "config", "list", "--json"], {
      env,
      cwd: "/",
    });
    const settings = Object.entries(JSON.parse(stdout) as Record<string, unknown>).filter(([key]) => PASSED.test(key));
    return Object.fromEntries(
      settings.map(([key, value]) => [`npm_config_${key}`, textOf(value)]).filter(([, text]) => text !== ""),
    );
  },
  prepareManifest: withForgivingScripts,
  plan: planNpm,
  readLock: async ({ workDir }) => (await readUntrusted(join(workDir, "package-lock.json"))) ?? "",
  complaints: (lines) =>
    lines.filter((line) => /^npm (error|ERR!) (?!\d+$)/.test(line) && !line.includes("complete log of this run")),
};

function planNpm({ interpreter, mode, settings, environment, workDir, pathOf }: PlanContext): InstallPlan {
  const folder = locateNpm(environment);
  const bind = { source: folder, target: folder.startsWith("/usr/") ? folder : NPM_AT };
  // In the environment rather than a flag: the npm that npm starts to prepare a git dependency obeys it as well.
  const scripts = settings.network === "host" ? { npm_config_ignore_scripts: "true" } : {};
  return {
    args: [
      `${pathOf(bind)}/bin/npm-cli.js`,
      "install",
      "--no-audit",
      "--no-fund",
      "--no-update-notifier",
      "--loglevel=http",
    ],
    links: [interpreter.link],
    environment: {
      ...{ PATH: interpreterPath(interpreter, mode), npm_config_cache: `${workDir}/cache` },
      ...{ TMPDIR: `${workDir}/tmp`, ...scripts },
    },
    binds: folder.startsWith("/usr/") ? interpreter.binds : [...interpreter.binds, bind],
  };
}

function locateNpm(environment: NodeJS.ProcessEnv): string {
  const folder = findNpm(environment);
  if (folder === undefined) {
    throw new BuildError(
      "npm was not found on this machine; dependencies of Node.js images need it: apt-get install npm",
    );
  }
  return folder;
}

function parseManifest(manifest: string): object {
  try {
    const parsed: unknown = JSON.parse(manifest);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed;
  } catch (cause) {
    throw new BuildError(
      `The manifest of a Node.js image is a package.json, and this is not JSON: ${(cause as Error).message}`,
      { cause },
    );
  }
  throw new BuildError("The manifest of a Node.js image is a package.json: a JSON object was expected.");
}

/** Scripts of a package that `npm install` runs in its folder. */
const LIFECYCLE = ["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"];
const SCRIPT_SECONDS = 60;

/**
 * The manifest's own scripts belong to an application whose files are not here: one that fails, or does not end, is left
 * out. Scripts of dependencies are not touched.
 */
export function withForgivingScripts(manifest: string): string {
  const { scripts, ...rest } = parseManifest(manifest) as { readonly scripts?: Readonly<Record<string, unknown>> };
  if (typeof scripts !== "object" || scripts === null) return manifest;
  const forgiving = Object.entries(scripts).map(([name, script]) => [
    name,
    LIFECYCLE.includes(name) && typeof script === "string" ? forgive(name, script) : script,
  ]);
  return JSON.stringify({ ...rest, scripts: Object.fromEntries(forgiving) }, null, 2);
}

function forgive(name: string, script: string): string {
  const quoted = `'${script.replaceAll("'", "'\\''")}'`;
  const told = `the manifest's own script ${name} does not work without its files (exit code $?): it is left out`;
  return `timeout -k 5 ${SCRIPT_SECONDS} sh -c ${quoted} </dev/null || echo "${told}"`;
}

function hasSections(manifest: object): boolean {
  return Object.entries(manifest).some(([key, value]) => SECTIONS.includes(key) && Object.keys(value ?? {}).length > 0);
}

/** npm shows lists as arrays and what is unset as null. */
function textOf(value: unknown): string {
  return Array.isArray(value) ? value.join(",") : String(value ?? "");
}
