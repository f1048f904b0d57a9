/** `dispatch-server backup FILE`: everything that cannot be made again, in one private file. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { version } from "../version.ts";
import { ARCHIVE_FORMAT, ARCHIVE_NAME, type ArchiveEntry, hashing, type Manifest, tarOf } from "./archive.ts";
import { type Snapshot, takeSnapshot } from "./snapshot.ts";

export interface BackupOptions {
  readonly dataDir: string;
  readonly databaseFile: string;
  /** The folder with older entries of the audit log. */
  readonly auditArchive: string;
  /** The file to write; it must not exist. */
  readonly file: string;
  /** Whether the master key and the administrator's token go with it. */
  readonly withKey: boolean;
}

/** Returns the sentences to print. @throws Error with a sentence; then there is no file. */
export async function backUp(options: BackupOptions): Promise<string> {
  const file = resolve(options.file);
  if (existsSync(file)) throw new Error(`${file} exists already: choose another name, nothing is overwritten`);
  const snapshot = await takeSnapshot(options.dataDir, options.databaseFile);
  try {
    await write(file, entriesOf(options, snapshot));
  } finally {
    await snapshot.close();
  }
  const { size } = await stat(file);
  return `${file}: ${Math.ceil(size / 1024)} KiB\n${keyAdvice(options)}\n`;
}

function keyAdvice({ dataDir, withKey }: BackupOptions): string {
  if (withKey) return "It holds the master key: whoever has the file has the secrets.";
  return `The master key is not in it: keep ${join(dataDir, "master.key")} somewhere else, without it the secrets cannot be read.`;
}

/** Under another name until it is whole and on disk. */
async function write(file: string, entries: AsyncIterable<ArchiveEntry>): Promise<void> {
  const draftPath = `${file}.unfinished-${process.pid}`;
  try {
    const gzip = createGzip({ level: 4 });
    await pipeline(Readable.from(tarOf(entries)), gzip, createWriteStream(draftPath, { flags: "wx", mode: 0o600 }));
    const draft = await open(draftPath, "r+");
    await draft.sync().finally(() => draft.close());
    await rename(draftPath, file);
  } catch (error) {
    await rm(draftPath, { force: true });
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "EACCES" || code === "ENOSPC" || code === "ENOTDIR")
      throw new Error(`cannot write ${file} (${code}): choose another place`, { cause: error });
    throw error;
  }
}

async function* entriesOf(
  { dataDir, auditArchive, withKey }: BackupOptions,
  { bytes, shape, content }: Snapshot,
): AsyncGenerator<ArchiveEntry> {
  const created = new Date().toISOString();
  const database = hashing(content);
  yield { path: "dispatch.db", bytes, content: database.content };
  const blobs = await blobNames(dataDir);
  for (const name of blobs) yield fileEntry(name, join(dataDir, name), (await stat(join(dataDir, name))).size);
  const audit: Record<string, string> = {};
  for (const name of await auditNames(auditArchive)) {
    const content = await readFile(join(auditArchive, basename(name)));
    audit[name] = createHash("sha256").update(content).digest("hex");
    yield bufferEntry(name, content);
  }
  for (const name of withKey ? ["master.key", "admin-token"] : [])
    yield bufferEntry(name, await readFile(join(dataDir, name)));
  const manifest: Manifest = {
    ...{ format: ARCHIVE_FORMAT, program: version, shape, created },
    database: { bytes, sha256: database.hex() },
    ...{ blobs: blobs.length, audit, withKey },
  };
  yield bufferEntry("manifest.json", Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
}

function fileEntry(path: string, source: string, bytes: number): ArchiveEntry {
  return { path, bytes, content: createReadStream(source) as AsyncIterable<Buffer> };
}

function bufferEntry(path: string, content: Buffer): ArchiveEntry {
  return { path, bytes: content.length, content: [content] };
}

/** `blobs/<two letters>/<digest>`; half-written ones lie elsewhere. */
async function blobNames(dataDir: string): Promise<string[]> {
  if (!existsSync(join(dataDir, "blobs"))) return [];
  const names = await readdir(join(dataDir, "blobs"), { recursive: true });
  return names.map((name) => `blobs/${name}`).filter((name) => ARCHIVE_NAME.test(name));
}

/** Files that were written after the copy of the database repeat entries that it has. */
async function auditNames(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  return (await readdir(folder)).map((name) => `audit/${name}`).filter((name) => ARCHIVE_NAME.test(name));
}
