/** The Node.js that runs the server: it is there, and it runs TypeScript directly. */
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { npm } from "../builder/npm.ts";
import { type InterpreterSearch, LINKS_AT } from "../runtime/process/interpreters.ts";
import { entryOf, IMAGE_AT, realFolder } from "./guest-files.ts";
import type { LanguageAdapter } from "./language.ts";

const NODE_AT = "/opt/dispatch/node";
const OLDEST = 26;

const find = async (): Promise<InterpreterSearch> => {
  const version = process.versions.node;
  const command = await realpath(process.execPath);
  if (Number.parseInt(version, 10) < OLDEST) {
    return {
      found: false,
      reason: `Node.js ${version} cannot run functions: ${OLDEST} or later is needed`,
      remedy: "start the server with bin/dispatch-server, which brings its own Node.js",
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
  find,
  guest: (sandbox, guests, image) => {
    const entry = entryOf(sandbox, guests, ["nodejs.mjs", "nodejs/main.ts"]);
    if (image.folder === undefined) return { args: [entry], binds: [guests] };
    const folder = realFolder({ source: image.folder, target: IMAGE_AT });
    const packages = realFolder({ source: join(image.folder, "node_modules"), target: "/node_modules" });
    if (folder === undefined || packages === undefined) return { args: [entry], binds: [guests] };
    return { args: [entry], binds: [guests, folder, packages], modules: sandbox.pathOf(packages) };
  },
  installer: npm,
};
