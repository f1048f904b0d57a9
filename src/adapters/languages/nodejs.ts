/** The Node.js that runs the server, unless a base image names another: it is there, and it runs TypeScript directly. */
import { execFile } from "node:child_process";
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { npm } from "../installers/npm.ts";
import { entryOf, IMAGE_AT, realFolder } from "../runtime/process/guest-files.ts";
import { type InterpreterSearch, LINKS_AT } from "../runtime/process/interpreters.ts";
import type { LanguageAdapter } from "./language.ts";
import { typescript } from "./typescript.ts";

const run = promisify(execFile);
const NODE_AT = "/opt/dispatch/node";
const OLDEST = 24;
const LONGEST_START_MS = 30_000;
const REMEDY = "leave the interpreter out: bin/dispatch-server brings its own Node.js";

/** The server's own is not asked: it is this one. */
const versionOf = async (command: string): Promise<string | undefined> => {
  if (command === (await realpath(process.execPath))) return process.versions.node;
  const asked = run(command, ["--version"], { cwd: "/", timeout: LONGEST_START_MS });
  const { stdout } = await asked.catch(() => ({ stdout: "" }));
  return /^v(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
};

const examine = async (program: string): Promise<InterpreterSearch> => {
  const command = await realpath(program);
  const version = await versionOf(command);
  if (version === undefined) return { found: false, reason: `${program} does not run`, remedy: REMEDY };
  if (Number.parseInt(version, 10) < OLDEST) {
    return {
      found: false,
      reason: `Node.js ${version} cannot run functions: ${OLDEST} or later is needed`,
      remedy: REMEDY,
    };
  }
  return {
    found: true,
    interpreter: {
      ...{ command, inside: NODE_AT, version, binds: [{ source: command, target: NODE_AT }] },
      link: { path: `${LINKS_AT}/node`, target: NODE_AT },
    },
  };
};

export const nodejs: LanguageAdapter = {
  interpreters: {
    title: "Node.js",
    programs: /^node(js)?(-?\d+)?$/,
    example: "node",
    places: [
      ...["/usr/bin/node", "/usr/local/bin/node", "/opt/*/bin/node"],
      ...["~/.nvm/versions/node/*/bin/node", "/usr/local/n/versions/node/*/bin/node"],
    ],
    lineParts: 1,
    remedy: REMEDY,
    locate: async () => process.execPath,
    examine,
  },
  guest: (sandbox, guests, image) => {
    const entry = entryOf(sandbox, guests, ["nodejs.cjs", "nodejs/main.ts"]);
    if (image.folder === undefined) return { args: [entry], binds: [guests] };
    const folder = realFolder({ source: image.folder, target: IMAGE_AT });
    const packages = realFolder({ source: join(image.folder, "node_modules"), target: "/node_modules" });
    if (folder === undefined || packages === undefined) return { args: [entry], binds: [guests] };
    return { args: [entry], binds: [guests, folder, packages], modules: sandbox.pathOf(packages) };
  },
  installer: npm,
  compiler: typescript,
};
