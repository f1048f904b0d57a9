/** `dispatch-server restore FILE`: brings a backup back into a data folder that no server uses. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import Database from "better-sqlite3";
import { createKeyFile } from "../adapters/keys/key-file.ts";
import { SEAL_FILE_NAME } from "../core/audit/seals.ts";
import { type Adapted, adapt } from "./adapt.ts";
import type { Manifest } from "./archive.ts";
import { connectToServer, openAlone } from "./snapshot.ts";
import { unpack } from "./unpack.ts";

export interface RestoreOptions {
  readonly dataDir: string;
  readonly databaseFile: string;
  /** The folder for older entries of the audit log. */
  readonly auditArchive: string;
  readonly file: string;
  /** Also into a folder that is not empty; what was there is set aside. */
  readonly force: boolean;
}

/** Returns the sentences to print. @throws Error with a sentence; then nothing was changed. */
export async function restore(options: RestoreOptions): Promise<string> {
  const { dataDir } = options;
  const file = resolve(options.file);
  if (!existsSync(file)) throw new Error(`there is no file ${file}`);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  await refuseUsed(options);
  const unpackedDir = join(dataDir, `.restore-${randomUUID()}`);
  await mkdir(unpackedDir, { mode: 0o700 });
  try {
    const manifest = await unpack(file, unpackedDir);
    const aside = await setAside(options, manifest);
    await moveIn(options, unpackedDir, manifest);
    const database = new Database(options.databaseFile);
    const adapted = adapt(database, dataDir);
    database.close();
    // With nothing to unseal any key will do.
    if (adapted.secrets === 0) await createKeyFile(join(dataDir, "master.key"));
    return report(options, manifest, adapted, aside);
  } finally {
    await rm(unpackedDir, { recursive: true, force: true });
  }
}

/** @throws Error with a sentence when a server runs here, or something is here and `force` was not given. */
async function refuseUsed({ dataDir, databaseFile, force }: RestoreOptions): Promise<void> {
  const server = await connectToServer(dataDir);
  server?.destroy();
  if (server !== undefined) throw new Error(`a server runs on ${dataDir}: stop it first`);
  if (existsSync(databaseFile)) openAlone(databaseFile).close();
  const found = (await readdir(dataDir)).filter((name) => name !== "lost+found" && name !== "control");
  if (force || (found.length === 0 && !existsSync(databaseFile))) return;
  throw new Error(
    `${dataDir} is not empty: give another --data-dir, or --force, which sets aside what the backup replaces`,
  );
}

/** Moves away what the backup brings, and nothing else: a master key that the backup lacks stays. */
async function setAside(
  { dataDir, databaseFile, auditArchive }: RestoreOptions,
  manifest: Manifest,
): Promise<string | undefined> {
  const keys = manifest.withKey ? ["master.key", "admin-token"] : [];
  const paths = [
    ...["", "-wal", "-shm"].map((suffix) => `${databaseFile}${suffix}`),
    ...Object.keys(manifest.audit ?? {}).map((name) => join(auditArchive, basename(name))),
    ...["blobs", SEAL_FILE_NAME, ...keys].map((name) => join(dataDir, name)),
  ].filter((path) => existsSync(path));
  if (paths.length === 0) return undefined;
  const asideDir = join(dataDir, `replaced-${new Date().toISOString().replace(/[-:]|\.\d+/g, "")}`);
  await mkdir(asideDir, { mode: 0o700 });
  for (const path of paths) await move(path, join(asideDir, path.slice(dirname(path).length + 1)));
  return asideDir;
}

/** The database comes last: a folder that a power cut left without one is no data folder. */
async function moveIn(
  { dataDir, databaseFile, auditArchive }: RestoreOptions,
  unpackedDir: string,
  { withKey, blobs, audit = {} }: Manifest,
): Promise<void> {
  const names = [...(blobs > 0 ? ["blobs"] : []), ...(withKey ? ["master.key", "admin-token"] : [])];
  for (const name of names) await move(join(unpackedDir, name), join(dataDir, name));
  if (Object.keys(audit).length > 0) await mkdir(auditArchive, { recursive: true, mode: 0o700 });
  for (const name of Object.keys(audit)) await move(join(unpackedDir, name), join(auditArchive, basename(name)));
  await mkdir(dirname(databaseFile), { recursive: true, mode: 0o700 });
  await move(join(unpackedDir, "dispatch.db"), databaseFile);
}

/** `--db-file` may lie on another disk. */
async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EXDEV")) throw error;
    await copyFile(from, to);
    await rm(from);
  }
}

function report(
  { dataDir }: RestoreOptions,
  { created, program }: Manifest,
  { secrets, images }: Adapted,
  aside: string | undefined,
): string {
  const keyPath = join(dataDir, "master.key");
  const sentences = [
    `Restored into ${dataDir}: the state of ${created}, written by version ${program}.`,
    ...(aside === undefined ? [] : [`What was there before is in ${aside}.`]),
    ...(existsSync(keyPath)
      ? []
      : [
          `Before the server starts, put the master key of that time at ${keyPath} (0600), for the secrets: ${secrets}.`,
        ]),
    ...(images === 0
      ? []
      : [`Images that the server installs again when it starts: ${images}. Their functions follow.`]),
  ];
  return `${sentences.join("\n")}\n`;
}
