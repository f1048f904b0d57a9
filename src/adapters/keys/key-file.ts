/**
 * The master key in a file beside the database. The file is text: a version line, then the 32 bytes of the key in base64
 * (hexadecimal is read as well). Only its owner may read it.
 */
import { createSecretKey, hkdfSync, type KeyObject, randomBytes, randomUUID } from "node:crypto";
import { link, mkdir, readFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Keys } from "../../core/shared/ports.ts";
import { writeSynced } from "../../core/shared/replace-file.ts";
import { syncFolder } from "../../core/shared/sync-folder.ts";
import { unwrapKey, wrapKey } from "./wrap.ts";

const VERSION_LINE = "dispatch-master-key v1";
const KEY_BYTES = 32;

/**
 * Opens the key file, or makes one (0600) when there is none.
 * @throws Error with a sentence for the operator when the file can be read by others or does not hold a key.
 */
export async function createKeyFile(path: string): Promise<Keys> {
  await makeWhenMissing(path);
  await refuseWhenShared(path);
  const key = parseKey(await readFile(path, "utf8"), path);
  return {
    wrap: async (dataKey) => wrapKey(key, dataKey),
    unwrap: async (wrapped) => unwrapKey(key, wrapped, path),
    derive: async (purpose) => Buffer.from(hkdfSync("sha256", key, "", `dispatch ${purpose}`, KEY_BYTES)),
  };
}

/** Written aside and linked into place: `link` never replaces a key, and a crash never leaves half of one. */
async function makeWhenMissing(path: string): Promise<void> {
  if (await exists(path)) return;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draftPath = `${path}.${randomUUID()}`;
  try {
    await writeSynced(draftPath, `${VERSION_LINE}\n${randomBytes(KEY_BYTES).toString("base64")}\n`, 0o600);
    await link(draftPath, path).catch(unlessExists);
  } finally {
    await rm(draftPath, { force: true });
  }
  await syncFolder(dirname(path));
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw new Error(`The key file ${path} cannot be looked up.`, { cause: error });
  }
}

/** Another server made the key in the same moment: then that one is the key. */
function unlessExists(error: unknown): void {
  if (codeOf(error) !== "EEXIST") throw error;
}

async function refuseWhenShared(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return;
  const octal = (mode & 0o777).toString(8).padStart(4, "0");
  throw new Error(`The key file ${path} is open to other users (mode ${octal}). Close it with: chmod 600 ${path}`);
}

function parseKey(text: string, path: string): KeyObject {
  const [version, encoded, ...rest] = text.trimEnd().split(/\r?\n/);
  const bytes = encoded !== undefined && rest.length === 0 ? decode(encoded.trim()) : undefined;
  if (version !== VERSION_LINE || bytes === undefined) {
    throw new Error(
      `The key file ${path} does not hold a master key: a line "${VERSION_LINE}" and a line with ${KEY_BYTES} bytes in base64 ` +
        "were expected. Put the original file back: without it the stored secrets cannot be read.",
    );
  }
  return createSecretKey(bytes);
}

function decode(encoded: string): Buffer | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(encoded)) return Buffer.from(encoded, "hex");
  if (/^[A-Za-z0-9+/]{43}=$/.test(encoded)) return Buffer.from(encoded, "base64");
  return undefined;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
