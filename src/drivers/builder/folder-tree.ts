/** Folders that installers filled: how large they are, and how they are closed for good. Links are never followed. */
import { chmod, lchown, lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Bytes of all files below a folder that may change meanwhile: what vanishes counts as nothing. */
export async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await folderBytes(path);
    else bytes += await sizeOf(path);
  }
  return bytes;
}

async function sizeOf(path: string): Promise<number> {
  return lstat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/**
 * Gives a folder and its content to the server's user: readable by everybody, writable by the server alone, no set-uid, no
 * pipes or sockets. The installer has ended: nobody changes the folder meanwhile.
 */
export async function closeFolder(path: string): Promise<void> {
  const stats = await lstat(path);
  if (!stats.isFile() && !stats.isDirectory() && !stats.isSymbolicLink()) return rm(path);
  if (process.getuid?.() === 0) await lchown(path, 0, 0);
  if (stats.isSymbolicLink()) return;
  const executable = stats.isDirectory() || (stats.mode & 0o111) !== 0;
  await chmod(path, executable ? 0o755 : 0o644);
  if (stats.isDirectory()) for (const name of await readdir(path)) await closeFolder(join(path, name));
}
