/**
 * Files in which programs keep passwords and tokens for everybody on a machine. They lie among the programs that every
 * sandbox sees, so each is covered by a blank one there.
 */
import { existsSync, mkdirSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bind } from "./bubblewrap.ts";

/** Below /usr, /usr/local and the folder of an interpreter. What is blank for Maven is an empty element. */
const KNOWN = {
  "": [
    ...["etc/npmrc", "lib/node_modules/npm/npmrc", "share/npm/npmrc", "share/nodejs/npm/npmrc"],
    ...["etc/yarnrc", "share/.yarnrc"],
    ...["pip.conf", "etc/pip.conf", "etc/pypirc"],
    ...["etc/gitconfig", "etc/netrc", "etc/wgetrc", "etc/curlrc", "etc/my.cnf", "etc/msmtprc", "etc/rclone.conf"],
    ...[
      "etc/krb5.keytab",
      "etc/docker/config.json",
      "lib/google-cloud-sdk/properties",
      "share/google-cloud-sdk/properties",
    ],
  ],
  "<settings/>\n": ["share/maven/conf/settings.xml", "maven/conf/settings.xml"],
} as const;

const SYSTEM = ["/usr", "/usr/local"];

/** The file that links lead to, when sandboxes see it; files elsewhere need no cover. */
const shownFile = (path: string, prefixes: readonly string[]): string[] => {
  if (!existsSync(path)) return [];
  const real = realpathSync(path);
  return statSync(real).isFile() && prefixes.some((prefix) => real.startsWith(`${prefix}/`)) ? [real] : [];
};

export interface BlankFiles {
  /** Binds that cover what there is now in /usr and other folders of programs, to come after the binds of those. */
  over(programs: readonly string[]): Bind[];
}

/** Writes the blank files below `stateDir`. */
export const makeBlankFiles = (stateDir: string): BlankFiles => {
  const folder = join(stateDir, "blank");
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const known = Object.entries(KNOWN).map(([text, paths], index) => {
    const source = join(folder, String(index));
    writeFileSync(source, text, { mode: 0o644 });
    return { source, paths };
  });
  return {
    over: (programs) => {
      const prefixes = [...SYSTEM, ...programs];
      return known.flatMap(({ source, paths }) => {
        const wanted = prefixes.flatMap((prefix) => paths.map((path) => join(prefix, path)));
        const shown = new Set(wanted.flatMap((path) => shownFile(path, prefixes)));
        return [...shown].map((target) => ({ source, target }));
      });
    },
  };
};
