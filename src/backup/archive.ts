/** The file of a backup: a gzipped tar with the database, the blobs, and a manifest as its last entry. */
import { createHash } from "node:crypto";
import { TAR_END, tarHeader, tarPadding } from "../core/shared/tar-blocks.ts";

/** What an archive says about itself. It comes last, so an archive that was cut off has none. */
export interface Manifest {
  /** The form of the archive; this program writes and reads 1. */
  readonly format: number;
  /** The version that wrote it. */
  readonly program: string;
  /** The number of the database's shape. */
  readonly shape: number;
  /** ISO 8601. */
  readonly created: string;
  readonly database: { readonly bytes: number; readonly sha256: string };
  readonly blobs: number;
  /** SHA-256 of the files of the audit archive, by their names; absent in backups of before. */
  readonly audit?: Readonly<Record<string, string>>;
  /** Whether the master key and the administrator's token are in it. */
  readonly withKey: boolean;
}

export const ARCHIVE_FORMAT = 1;

/** The names that an archive may hold; everything else in one is refused. */
export const ARCHIVE_NAME =
  /^(manifest\.json|dispatch\.db|master\.key|admin-token|audit\/audit-\d+-\d+\.jsonl|blobs\/[0-9a-f]{2}\/[0-9a-f]{64})$/;

export interface ArchiveEntry {
  readonly path: string;
  readonly bytes: number;
  readonly content: AsyncIterable<Buffer> | Iterable<Buffer>;
}

/** The bytes of a tar archive. @throws Error when an entry is not as long as it said. */
export async function* tarOf(entries: AsyncIterable<ArchiveEntry>): AsyncGenerator<Buffer> {
  const mtime = new Date();
  for await (const { path, bytes, content } of entries) {
    yield tarHeader({ path, type: "File", mode: 0o600, size: bytes, mtime });
    let written = 0;
    for await (const chunk of content) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== bytes) throw new Error(`${path} changed while it was read: repeat the backup`);
    yield tarPadding(bytes);
  }
  yield TAR_END;
}

/** Passes bytes through; `hex` is their SHA-256 once all have passed. */
export function hashing(content: AsyncIterable<Buffer>): { readonly content: AsyncIterable<Buffer>; hex(): string } {
  const hash = createHash("sha256");
  async function* pass(): AsyncGenerator<Buffer> {
    for await (const chunk of content) {
      hash.update(chunk);
      yield chunk;
    }
  }
  return { content: pass(), hex: () => hash.digest("hex") };
}
