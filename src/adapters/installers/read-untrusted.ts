import { constants } from "node:fs";
import { open } from "node:fs/promises";

const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Reads a text that an installer wrote; undefined when there is none. Install scripts are strangers' code: a link (to a
 * file that only the server may read), a pipe or a giant in the file's place counts as none.
 */
export async function readUntrusted(path: string): Promise<string | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  );
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat();
    return stats.isFile() && stats.size <= MAX_BYTES ? await file.readFile("utf8") : undefined;
  } finally {
    await file.close();
  }
}
