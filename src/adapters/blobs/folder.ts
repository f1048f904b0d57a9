/** Blobs in a folder: `<folder>/<first two letters>/<sha256>`, private to the server's user. */
import { randomUUID, webcrypto } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Collector } from "../../core/shared/collector.ts";
import type { Blobs } from "../../core/shared/ports.ts";
import { replaceFile } from "../../core/shared/replace-file.ts";
import { makeFolder } from "../../core/shared/sync-folder.ts";
import { markOf, RecentBlobs } from "./recent-blobs.ts";

const DIGEST = /^[0-9a-f]{64}$/;

export interface FolderBlobsOptions {
  /** How long a blob that was put or kept is not collected, in milliseconds. */
  readonly keep?: number;
}

/**
 * Opens a folder of blobs and makes it (0700) when it is missing. The folder belongs to one server at a time: half-written
 * files of a server that died are removed here.
 */
export function createFolderBlobs(folder: string, { keep }: FolderBlobsOptions = {}): Blobs {
  const incomingDir = join(folder, "incoming");
  rmSync(incomingDir, { recursive: true, force: true });
  mkdirSync(incomingDir, { recursive: true, mode: 0o700 });
  const collector = new Collector(keep);
  const recent = new RecentBlobs();
  return {
    async put(bytes) {
      const digest = await sha256(bytes);
      await collector.give(digest);
      const path = pathOf(folder, digest);
      if (await holds(path, digest)) return digest;
      await makeFolder(dirname(path));
      await write(path, join(incomingDir, randomUUID()), bytes);
      return digest;
    },
    async get(digest) {
      const path = pathOf(folder, digest);
      const known = recent.get(path);
      if (known !== undefined) return known;
      const mark = markOf(path);
      const bytes = await read(path, digest);
      if ((await sha256(bytes)) !== digest)
        throw new Error(`The blob ${digest} was altered on disk: its content has another digest.`);
      recent.note(path, bytes, mark);
      return bytes;
    },
    async keep(digest) {
      await collector.give(digest);
      return holds(pathOf(folder, digest), digest);
    },
    async collect(isUsed) {
      const paths = await readdir(folder, { recursive: true });
      const digests = paths.map((path) => basename(path)).filter((name) => DIGEST.test(name));
      await collector.collect(digests, isUsed, (digest) => rm(pathOf(folder, digest), { force: true }));
    },
  };
}

/** Off this thread: a large source takes a second. */
async function sha256(bytes: Uint8Array): Promise<string> {
  return Buffer.from(await webcrypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)).toString("hex");
}

/** Anything but a digest is refused, so that no text of a caller ever becomes a path. */
function pathOf(folder: string, digest: string): string {
  if (!DIGEST.test(digest)) throw new Error(`"${digest}" is not the digest of a blob: 64 hexadecimal digits are.`);
  return join(folder, digest.slice(0, 2), digest);
}

/** A damaged copy counts as missing, so that storing the same bytes again repairs it. */
async function holds(path: string, digest: string): Promise<boolean> {
  try {
    return (await sha256(await readFile(path))) === digest;
  } catch {
    return false;
  }
}

async function read(path: string, digest: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new Error(`The blob ${digest} cannot be read.`, { cause });
  }
}

async function write(path: string, draftPath: string, bytes: Uint8Array): Promise<void> {
  try {
    await replaceFile(path, bytes, { mode: 0o600, draftPath });
  } catch (cause) {
    throw new Error(`A blob cannot be stored at ${path}.`, { cause });
  }
}
