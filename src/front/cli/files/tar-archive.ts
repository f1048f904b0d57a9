import { readFile, stat } from "node:fs/promises";
import { Header, Pax } from "tar";
import type { SourceEntry } from "./walk-folder.ts";

const blockSize = 512;

/** A tar archive. Modes are kept; owners and times are not, so that equal sources make equal archives. */
export async function tarArchive(entries: readonly SourceEntry[]): Promise<Buffer> {
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
