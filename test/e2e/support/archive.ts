/** Sources as clients upload them: base64 of a gzipped tar, made in memory so that hostile ones can be made as well. */
import { gzipSync } from "node:zlib";
import { Header } from "tar";

export interface Entry {
  readonly path: string;
  readonly content?: string | Buffer;
  readonly type?: "File" | "Directory" | "SymbolicLink" | "Link" | "CharacterDevice" | "FIFO";
  readonly linkpath?: string;
}

/** Files by their path. */
export type Files = Readonly<Record<string, string>>;

const BLOCK = 512;

/** Base64 of an archive of plain files. */
export function sourceOf(files: Files): string {
  return archiveOf(Object.entries(files).map(([path, content]) => ({ path: `./${path}`, content })));
}

/** Base64 of any archive. */
export function archiveOf(entries: readonly Entry[]): string {
  return encoded(Buffer.concat([...entries.map(entryBytes), Buffer.alloc(2 * BLOCK)]));
}

/** As the published command line writes it: no end-of-archive, the last entry without its padding. */
export function unterminatedSourceOf(files: Files): string {
  const entries = Object.entries(files).map(([path, content]) => ({ path: `.//${path}`, content }));
  const last = entries.at(-1);
  const whole = Buffer.concat(entries.map(entryBytes));
  const padding = -Buffer.byteLength(last?.content ?? "") & (BLOCK - 1);
  return encoded(whole.subarray(0, whole.length - padding));
}

function entryBytes({ path, content = "", type = "File", linkpath }: Entry): Buffer {
  const bytes = Buffer.from(content);
  const link = linkpath === undefined ? {} : { linkpath };
  const header = new Header({ path, type, mode: 0o644, size: bytes.length, mtime: new Date(0), ...link });
  header.encode();
  return Buffer.concat([header.block ?? Buffer.alloc(0), bytes, Buffer.alloc(-bytes.length & (BLOCK - 1))]);
}

function encoded(tar: Buffer): string {
  return gzipSync(tar).toString("base64");
}
