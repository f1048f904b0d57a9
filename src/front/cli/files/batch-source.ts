/** Where the resources of a batch come from: files, folders, glob patterns, URLs and standard input (decisions.md 5). */
import { existsSync, globSync, readdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { messageOf } from "../../../core/shared/message-of.ts";
import { CliError } from "../../../frame/errors.ts";
import type { Io } from "../../../frame/io.ts";
import { teachFetch } from "../../client/environment.ts";
import { readText, refuseBrokenName, textOf } from "./read-text.ts";

export interface BatchSource {
  readonly label: string;
  readonly text: string;
  /** The folder, or the URL up to its last slash, beside which other files are looked up. */
  readonly beside: { readonly folder: string } | { readonly url: string };
}

const resourceFile = /\.(ya?ml|json)$/i;

/** Reads all that the `-f` flags name, in their order. @throws CliError for one that cannot be read. */
export async function readSources(io: Io, paths: readonly string[], workDir?: string): Promise<BatchSource[]> {
  return (await Array.fromAsync(paths, (path) => readSource(io, path, workDir))).flat();
}

async function readSource(io: Io, path: string, workDir?: string): Promise<BatchSource[]> {
  if (path === "-") return [{ label: "standard input", text: await io.stdin(), beside: { folder: io.cwd } }];
  if (/^https?:\/\//i.test(path)) return [await download(io, path)];
  return localSources(searchFolders(io.cwd, workDir), path);
}

/** Where files are looked up, in this order. */
export function searchFolders(cwd: string, workDir?: string): readonly string[] {
  return workDir === undefined ? [cwd] : [resolve(cwd, workDir), cwd];
}

function localSources(roots: readonly string[], path: string): BatchSource[] {
  const root = roots.find((candidate) => existsSync(resolve(candidate, path)));
  if (root !== undefined) return filesAt(root, path).map((label) => sourceAt(root, label));
  for (const candidate of roots) {
    const names = globFiles(candidate, path);
    if (names.length > 0) return names.map((name) => sourceAt(candidate, name));
  }
  throw new CliError(`${path}: no such file, folder or pattern below ${roots.join(" or ")}`);
}

function filesAt(root: string, path: string): string[] {
  const absolute = resolve(root, path);
  if (!statSync(absolute).isDirectory()) return [path];
  const names = readdirSync(absolute, { recursive: true, encoding: "utf8" }).filter((name) => resourceFile.test(name));
  if (names.length === 0) throw new CliError(`${path}: the folder holds no .yaml, .yml or .json file`);
  return names.sort().map((name) => join(path, name));
}

function globFiles(root: string, pattern: string): string[] {
  if (!/[*?[{]/.test(pattern)) return [];
  const names = globSync(pattern, { cwd: root }).sort();
  return names.filter((name) => {
    const found = statSync(resolve(root, name), { throwIfNoEntry: false });
    if (found === undefined) refuseBrokenName(name);
    return found?.isFile();
  });
}

function sourceAt(root: string, label: string): BatchSource {
  const absolute = resolve(root, label);
  if (!existsSync(absolute)) refuseBrokenName(label);
  return { label, text: readText(absolute, label), beside: { folder: dirname(absolute) } };
}

async function download({ env }: Io, url: string): Promise<BatchSource> {
  try {
    teachFetch(url, env);
  } catch (error) {
    throw new CliError(messageOf(error));
  }
  const answer = await fetchUrl(url);
  if (!answer.ok) throw new CliError(`cannot read ${url}: the answer was ${answer.status} ${answer.statusText}`);
  return { label: url, text: textOf(answer.bytes, url), beside: { url: new URL(".", url).href } };
}

/** A slow or endless answer is given up. */
const LONGEST_MS = 120_000;
const MOST_BYTES = 64 * 1024 * 1024;

/** An answer, whatever its status. @throws CliError when there is none, or one that does not end */
export async function fetchUrl(url: string) {
  try {
    const { ok, status, statusText, body } = await fetch(url, { signal: AbortSignal.timeout(LONGEST_MS) });
    return { ok, status, statusText, bytes: await wholeOf(body ?? []) };
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    throw new CliError(`cannot read ${url}: ${messageOf(cause ?? error)}`);
  }
}

async function wholeOf(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES / 1024 / 1024} MiB`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
