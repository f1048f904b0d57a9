/** Reads the file of a backup into an empty folder and believes none of it before it is checked. */
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import Database from "better-sqlite3";
import { extract } from "tar";
import { newestShape, refuseNewer, shapeOf } from "../adapters/db/migrate.ts";
import { messageOf } from "../core/shared/message-of.ts";
import { ARCHIVE_FORMAT, ARCHIVE_NAME, type Manifest } from "./archive.ts";

/** Unpacks and checks. @throws Error with a sentence that names the file and what is wrong with it. */
export async function unpack(file: string, folder: string): Promise<Manifest> {
  await extractOnlyKnown(file, folder);
  const manifest = await readManifest(file, folder);
  await checkDatabase(file, folder, manifest);
  await checkBlobs(file, folder, manifest);
  await checkAudit(file, folder, manifest);
  return manifest;
}

async function extractOnlyKnown(file: string, folder: string): Promise<void> {
  const strangers: string[] = [];
  const filter = (path: string, entry: object): boolean => {
    const known = ARCHIVE_NAME.test(path) && "type" in entry && entry.type === "File";
    if (!known) strangers.push(path);
    return known;
  };
  try {
    await extract({ file, cwd: folder, strict: true, preserveOwner: false, filter, fmode: 0o600, dmode: 0o700 });
  } catch (error) {
    throw damaged(file, messageOf(error));
  }
  if (strangers[0] !== undefined) throw new Error(`${file} is not a backup of Dispatch: it holds ${strangers[0]}`);
}

async function readManifest(file: string, folder: string): Promise<Manifest> {
  const path = join(folder, "manifest.json");
  if (!existsSync(path)) throw damaged(file, "it has no manifest, so its end is missing");
  const manifest = JSON.parse(await readFile(path, "utf8")) as Manifest;
  if (manifest.format !== ARCHIVE_FORMAT)
    throw new Error(
      `${file} has form ${manifest.format}, this program reads ${ARCHIVE_FORMAT}: use version ${manifest.program}`,
    );
  refuseNewer(manifest.shape, newestShape, `${file} (version ${manifest.program})`);
  return manifest;
}

async function checkDatabase(file: string, folder: string, { database, shape }: Manifest): Promise<void> {
  const path = join(folder, "dispatch.db");
  if (!existsSync(path) || (await sha256Of(path)) !== database.sha256) throw damaged(file, "its database was altered");
  const opened = new Database(path);
  try {
    const found = opened.pragma("integrity_check", { simple: true });
    if (found !== "ok") throw damaged(file, `its database is not sound: ${String(found)}`);
    if (shapeOf(opened) !== shape) throw damaged(file, "its manifest does not fit its database");
  } finally {
    opened.close();
  }
}

async function checkBlobs(file: string, folder: string, { blobs }: Manifest): Promise<void> {
  const names = existsSync(join(folder, "blobs")) ? await readdir(join(folder, "blobs"), { recursive: true }) : [];
  const digests = names.filter((name) => basename(name).length === 64);
  if (digests.length !== blobs) throw damaged(file, `it should hold ${blobs} sources and holds ${digests.length}`);
  for (const name of digests)
    if ((await sha256Of(join(folder, "blobs", name))) !== basename(name))
      throw damaged(file, `blobs/${name} was altered`);
}

async function checkAudit(file: string, folder: string, { audit = {} }: Manifest): Promise<void> {
  for (const [name, digest] of Object.entries(audit)) {
    const path = join(folder, name);
    if (!ARCHIVE_NAME.test(name) || !existsSync(path) || (await sha256Of(path)) !== digest)
      throw damaged(file, `${name} was altered`);
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

function damaged(file: string, why: string): Error {
  return new Error(`${file} cannot be restored: ${why}; nothing was changed, take another backup file`);
}
