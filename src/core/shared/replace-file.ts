/** Files that are on disk whole, also after a power cut. */
import { randomUUID } from "node:crypto";
import { open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { syncFolder } from "./sync-folder.ts";

export interface Replacing {
  readonly mode: number;
  /** Where it is written until it is whole, on the same disk; beside it by default. */
  readonly draftPath?: string;
}

/** Whoever reads the file sees the old content or the new one: written aside, flushed, renamed, the folder flushed. */
export async function replaceFile(path: string, content: string | Uint8Array, options: Replacing): Promise<void> {
  const { mode, draftPath = `${path}.${randomUUID()}` } = options;
  try {
    await writeSynced(draftPath, content, mode);
    await rename(draftPath, path);
  } catch (error) {
    await rm(draftPath, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

const DRAFT = /^\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Removes what a process left beside the file that was killed while it replaced it; to be called while nobody does. */
export async function removeDrafts(path: string): Promise<void> {
  const [folder, name] = [dirname(path), basename(path)];
  const names = await readdir(folder);
  const drafts = names.filter((other) => other.startsWith(name) && DRAFT.test(other.slice(name.length)));
  await Promise.all(drafts.map((draft) => rm(join(folder, draft), { force: true })));
}

/** A new file, flushed. @throws when there is one already */
export async function writeSynced(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(path, "wx", mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}
