/** A function's source as it travels: base64 of a gzipped tar with entries `./name` (cli-and-runtimes.md 1.9.1). */
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { CliError, codeOf, messageOf } from "../frame/errors.ts";
import { tarArchive } from "./tar-archive.ts";
import { type SourceEntry, walkFolder } from "./walk-folder.ts";

export interface SourceRequest {
  /** The function's name, for messages. */
  readonly name: string;
  /** As the user gave it. */
  readonly path: string;
  /** The folder that a relative path is looked up in. */
  readonly root: string;
  readonly handler: string;
  /** The path as messages show it, where that is another. */
  readonly shown?: string;
}

/** The same files always pack to the same text. @throws CliError when the path cannot be packed. */
export async function packSource(request: SourceRequest): Promise<string> {
  const entries = await entriesOf(request);
  if (entries.length === 0)
    throw new CliError(`error creating function ${request.name}: ${request.path} is an empty folder`);
  return packEntries(entries);
}

/** Packs entries that are already known. */
export async function packEntries(entries: readonly SourceEntry[]): Promise<string> {
  const archive = await tarArchive(entries);
  return (await promisify(gzip)(archive)).toString("base64");
}

async function entriesOf({
  name,
  path: given,
  root,
  handler,
  shown: path = given,
}: SourceRequest): Promise<readonly SourceEntry[]> {
  const absolute = resolve(root, given);
  const found = await statOf(absolute, path);
  if (!found.isDirectory()) return [{ name: `./${basename(absolute)}`, path: absolute, kind: "file" }];
  if (handler === "") {
    throw new CliError(`error creating function ${name}: handler is required, source path ${path} is a directory`);
  }
  return walkFolder(absolute);
}

async function statOf(absolute: string, path: string) {
  try {
    return await stat(absolute);
  } catch (error) {
    const cause = codeOf(error) === "ENOENT" ? "no such file or directory" : messageOf(error);
    throw new CliError(`failed to determine if path is dir: '${path}': stat ${path}: ${cause}`);
  }
}
