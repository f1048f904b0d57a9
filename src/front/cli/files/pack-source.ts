/** A function's source as it travels: base64 of a gzipped tar with entries `./name` (cli-and-runtimes.md 1.9.1). */
import { readFile, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { codeOf, messageOf } from "../../../core/shared/message-of.ts";
import { TAR_END, tarHeader, tarPadding } from "../../../core/shared/tar-blocks.ts";
import { CliError } from "../../../frame/errors.ts";
import { refuseSpecial, type SourceEntry, walkFolder } from "./walk-folder.ts";

export interface SourceRequest {
  readonly name: string;
  readonly path: string;
  /** The folder that a relative path is looked up in. */
  readonly root: string;
  readonly handler: string;
  /** The path as messages show it, where that is another. */
  readonly shown?: string;
}

/** The same files always pack to the same text. @throws CliError when the path cannot be packed. */
export async function packSource(request: SourceRequest): Promise<string> {
  for (let look = 1; ; look++) {
    const blocks = await blocksOf(request).catch((error: unknown) => {
      // An editor has put a file in another's place meanwhile: the next look finds what is there now.
      if (codeOf(error) !== "ENOENT" || look === LOOKS) throw error;
    });
    if (blocks?.length === 0)
      throw new CliError(`error creating function ${request.name}: ${request.path} is an empty folder`);
    if (blocks) return (await promisify(gzip)(Buffer.concat([...blocks, TAR_END]))).toString("base64");
  }
}

/** How often a folder is looked at whose files come and go. */
const LOOKS = 20;

async function blocksOf(request: SourceRequest): Promise<Buffer[]> {
  return (await Array.fromAsync(await entriesOf(request), entryBlocks)).flat();
}

async function entriesOf(request: SourceRequest): Promise<readonly SourceEntry[]> {
  const { name, root, handler, shown = request.path } = request;
  const path = resolve(root, request.path);
  const found = await statOf(path, shown);
  if (!found.isDirectory()) {
    refuseSpecial(found, shown, ": name a file or a folder");
    return [{ name: `./${basename(path)}`, path, kind: "file" }];
  }
  if (handler !== "") return walkFolder(path);
  throw new CliError(`error creating function ${name}: handler is required, source path ${shown} is a directory`);
}

async function statOf(absolute: string, path: string) {
  try {
    return await stat(absolute);
  } catch (error) {
    const cause = codeOf(error) === "ENOENT" ? "no such file or directory" : messageOf(error);
    throw new CliError(`failed to determine if path is dir: '${path}': stat ${path}: ${cause}`);
  }
}

/** Modes are kept; owners and times are not, so that equal sources make equal archives. */
async function entryBlocks({ name, path, kind }: SourceEntry): Promise<Buffer[]> {
  const { mode } = await stat(path);
  const content = kind === "file" ? await readFile(path) : Buffer.alloc(0);
  const named =
    kind === "file" ? ({ path: name, type: "File" } as const) : ({ path: `${name}/`, type: "Directory" } as const);
  const fields = { ...named, mode: mode & 0o777, size: content.length, uid: 0, gid: 0, mtime: new Date(0) };
  return [tarHeader(fields), content, tarPadding(content.length)];
}
