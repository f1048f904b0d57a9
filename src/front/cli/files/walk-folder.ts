import { existsSync, type Stats } from "node:fs";
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import ignore, { type Ignore } from "ignore";
import { CliError } from "../../../frame/errors.ts";
import { readText, refuseBrokenName } from "./read-text.ts";

export interface SourceEntry {
  /** In the archive: `./lib/a.js`. */
  readonly name: string;
  /** On disk, links resolved. */
  readonly path: string;
  readonly kind: "file" | "folder";
}

interface Walk {
  readonly root: string;
  readonly ignored: Ignore;
  readonly entries: SourceEntry[];
}

/**
 * All files and folders below a folder, in the order of their names. Links are followed as long as they stay inside.
 * @throws CliError for a link that leads out of the folder, in a circle or nowhere, and for what is neither file nor folder.
 */
export async function walkFolder(folder: string): Promise<readonly SourceEntry[]> {
  const root = await realpath(folder);
  const walk: Walk = { root, ignored: ignore().add(always).add(ignoreFile(root)), entries: [] };
  await visitFolder(walk, root, ".", [root]);
  return walk.entries;
}

/** What never travels, unless the file takes it back in. */
const always = [".git", ".dispatchignore", ".DS_Store", "__pycache__/", "node_modules/.cache"];

/** The text of `.dispatchignore`, lines as in `.gitignore`; "" when there is none. */
function ignoreFile(root: string): string {
  const path = join(root, ".dispatchignore");
  return existsSync(path) ? readText(path, path) : "";
}

/** `ancestors` are the real folders that lead here: a link back to one of them is a circle. */
async function visitFolder(walk: Walk, folder: string, name: string, ancestors: readonly string[]): Promise<void> {
  for (const child of (await readdir(folder)).sort()) {
    await visit(walk, join(folder, child), `${name}/${child}`, ancestors);
  }
}

async function visit(walk: Walk, link: string, name: string, ancestors: readonly string[]): Promise<void> {
  const found = await stat(link).catch(() => undefined);
  // Folders are marked by their slash: rules that end in one mean nothing else.
  if (walk.ignored.ignores(`${name.slice(2)}${found?.isDirectory() ? "/" : ""}`)) return;
  if (!found) return refuseMissing(link, name);
  const path = await realpath(link);
  if (!isInside(walk.root, path))
    throw new CliError(`${name} links to ${path}, outside of the source folder: copy it in`);
  if (!found.isDirectory()) {
    refuseSpecial(found, name, ": remove it, or list it in .dispatchignore");
    walk.entries.push({ name, path, kind: "file" });
    return;
  }
  if (ancestors.includes(path))
    throw new CliError(`${name} links in a circle: remove it, or list it in .dispatchignore`);
  walk.entries.push({ name, path, kind: "folder" });
  await visitFolder(walk, path, name, [...ancestors, path]);
}

/** What has gone since its folder was read is no entry any more. */
async function refuseMissing(link: string, name: string): Promise<void> {
  refuseBrokenName(name);
  const here = await lstat(link).catch(() => undefined);
  if (here?.isSymbolicLink()) throw new CliError(`${name} links to nothing: remove it, or list it in .dispatchignore`);
}

/** @throws CliError for a pipe, socket or device: it has no content that could travel */
export function refuseSpecial(found: Stats, name: string, advice: string): void {
  if (found.isFile()) return;
  const what = found.isFIFO() ? "a named pipe" : found.isSocket() ? "a socket" : "a device";
  throw new CliError(`${name} is ${what}, which cannot be part of a function${advice}`);
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== ".." && !way.startsWith(`..${sep}`);
}
