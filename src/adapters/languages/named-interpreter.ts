/** The interpreter that a base image names (decision 23): by its path, or by the version of one that is on this machine. */
import { glob, realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname } from "node:path";
import type { Interpreter, InterpreterSearch } from "../runtime/process/interpreters.ts";
import type { Interpreters } from "./language.ts";

const absent = (reason: string, remedy: string): InterpreterSearch => ({ found: false, reason, remedy });

/** Folders of the host that no sandbox sees. */
const OF_SANDBOXES = /^\/(tmp|dev|proc|function)(?=\/)/;
const ELSEWHERE = "install it elsewhere, such as below /opt";

/** Whether `version` is `wanted` or one of its releases: 3.11.2 is one of 3.11 and of 3. */
export const isOfLine = (version: string, wanted: string): boolean => `${version}.`.startsWith(`${wanted}.`);

/** The version that packages and compiled code are made for: 3.11 of Python 3.11.2. */
export const lineOf = ({ lineParts }: Interpreters, version: string): string =>
  version.split(".").slice(0, lineParts).join(".");

/** @param wanted a path, or the beginning of a version. */
export const findNamed = (interpreters: Interpreters, wanted: string): Promise<InterpreterSearch> =>
  wanted.startsWith("/") ? findAt(interpreters, wanted) : findVersion(interpreters, wanted);

const findAt = async (interpreters: Interpreters, path: string): Promise<InterpreterSearch> => {
  const { title, programs, example, remedy } = interpreters;
  const program = await whereIs(path);
  // Nothing else is ever started to find out what it is, wherever a link leads.
  const odd = [path, program ?? path].find((name) => !programs.test(basename(name)));
  if (odd !== undefined)
    return absent(`${odd} is not called as an interpreter of ${title} is`, `name one such as ${example}`);
  if (program === undefined) return absent(`${path} is not on this machine`, await choice(interpreters, remedy));
  const [hidden] = OF_SANDBOXES.exec(program) ?? [];
  if (hidden !== undefined)
    return absent(`${program} cannot be seen in sandboxes, which have a ${hidden} of their own`, ELSEWHERE);
  const stranger = await strangerOf(program);
  if (stranger === undefined) return interpreters.examine(program);
  const trusted =
    "an interpreter and the folders above it must belong to root or to the server's user, and others must not write there";
  return absent(`others than this machine's administrator may change ${stranger}`, trusted);
};

const findVersion = async (interpreters: Interpreters, wanted: string): Promise<InterpreterSearch> => {
  const found = (await findAll(interpreters)).filter(({ version }) => isOfLine(version, wanted));
  const [interpreter] = found;
  if (interpreter !== undefined) return { found: true, interpreter };
  const { title, remedy } = interpreters;
  return absent(`${title} ${wanted} was not found on this machine`, await choice(interpreters, remedy));
};

/** What else a base image could name. */
const choice = async (interpreters: Interpreters, remedy: string): Promise<string> => {
  const found = await findAll(interpreters);
  if (found.length === 0) return `${remedy}, or update the base image with another one`;
  const words = found.map(({ version, command }) => `${version} (${command})`);
  return `install it, or update the base image with one that is here: ${words.join(", ")}`;
};

/** Those of this machine that functions can run on, the newest first. */
const findAll = async (interpreters: Interpreters): Promise<readonly Interpreter[]> => {
  const patterns = interpreters.places.map((place) => place.replace(/^~/, homedir()));
  const programs = new Set<string>();
  for await (const path of glob(patterns))
    if (interpreters.programs.test(basename(path))) programs.add((await whereIs(path)) ?? "");
  programs.delete(""); // links that lead nowhere
  const own = await interpreters.locate();
  const searches = await Promise.all([
    ...(own === undefined ? [] : [interpreters.examine(own)]),
    ...[...programs].map((path) => findAt(interpreters, path)),
  ]);
  const byCommand = new Map(
    searches.flatMap((search) => (search.found ? [[search.interpreter.command, search.interpreter]] : [])),
  );
  return [...byCommand.values()].toSorted((one, other) =>
    other.version.localeCompare(one.version, "en", { numeric: true }),
  );
};

/** Behind all links; undefined when nothing is there. */
const whereIs = (path: string): Promise<string | undefined> => realpath(path).catch(() => undefined);

/** The first file or folder on a path that somebody else than root and the server's user could replace or change. */
const strangerOf = async (path: string): Promise<string | undefined> => {
  const stats = await stat(path);
  const isSticky = stats.isDirectory() && (stats.mode & 0o1000) !== 0;
  const isOpen = (stats.mode & 0o002) !== 0 && !isSticky;
  if ((stats.uid !== 0 && stats.uid !== process.getuid?.()) || isOpen) return path;
  return path === "/" ? undefined : strangerOf(dirname(path));
};
