/** A function's source as it travels: base64 of a gzipped tar with entries `./name` (cli-and-runtimes.md 1.9.1). */
import { readFile, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { Header, Pax } from "tar";
import { messageOf } from "../../../core/shared/message-of.ts";
import { codeOf } from "../../client/errors.ts";
import { CliError } from "../frame/errors.ts";
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
  return (await promisify(gzip)(await tarArchive(entries))).toString("base64");
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

const blockSize = 512;

/** A tar archive. Modes are kept; owners and times are not, so that equal sources make equal archives. */
async function tarArchive(entries: readonly SourceEntry[]): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for (const entry of entries) blocks.push(...(await entryBlocks(entry)));
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockSize)]);
}

async function entryBlocks(entry: SourceEntry): Promise<Buffer[]> {
  const { mode } = await stat(entry.path);
  const content = entry.kind === "file" ? await readFile(entry.path) : Buffer.alloc(0);
  return [...headerBlocks(entry, mode & 0o777, content.length), content, padding(content.length)];
}

function headerBlocks(entry: SourceEntry, mode: number, size: number): Buffer[] {
  const path = entry.kind === "folder" ? `${entry.name}/` : entry.name;
  const type = entry.kind === "folder" ? ("Directory" as const) : ("File" as const);
  const fields = { path, mode, size, type, uid: 0, gid: 0, mtime: new Date(0) };
  const header = new Header(fields);
  const block = Buffer.alloc(blockSize);
  // A name that is too long for the header's own field travels in an extended one before it.
  const needsExtension = header.encode(block, 0);
  return needsExtension ? [new Pax({ path }).encode(), block] : [block];
}

function padding(length: number): Buffer {
  return Buffer.alloc((blockSize - (length % blockSize)) % blockSize);
}
