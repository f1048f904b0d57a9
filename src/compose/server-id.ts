import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Names this server in leases and in the Docker engine, also after a restart. */
export async function serverId(folder: string): Promise<string> {
  const path = join(folder, "server-id");
  if (!existsSync(path)) await writeFile(path, `${randomUUID()}\n`, { mode: 0o600 });
  return (await readFile(path, "utf8")).trim();
}
