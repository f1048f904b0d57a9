/**
 * Bundles: a function's files as one piece of bytes, the form in which they travel to a worker. A big-endian u32 with the
 * length of the header, the header (JSON: `[{"path":"hello.js","mode":420,"size":123}, ...]`, sorted by path), then the
 * bytes of the files in that order. Equal files make equal bundles, so a digest of the bundle names the source.
 */
import type { SourceFile } from "../shared/source-file.ts";

interface BundleEntry {
  readonly path: string;
  readonly mode: number;
  readonly size: number;
}

const LENGTH_BYTES = 4;

export function encodeBundle(files: readonly SourceFile[]): Buffer {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const entries: BundleEntry[] = sorted.map(({ path, mode, bytes }) => ({ path, mode, size: bytes.length }));
  const header = Buffer.from(JSON.stringify(entries));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(header.length);
  return Buffer.concat([length, header, ...sorted.map(({ bytes }) => bytes)]);
}

/** The files share the memory of the bundle. @throws Error when the bytes are not a whole bundle. */
export function decodeBundle(bundle: Uint8Array): SourceFile[] {
  const bytes = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  let offset = LENGTH_BYTES + (bytes.length >= LENGTH_BYTES ? bytes.readUInt32BE() : 0);
  const files = parseHeader(bytes.subarray(LENGTH_BYTES, offset)).map(({ path, mode, size }) => {
    offset += size;
    return { path, mode, bytes: bytes.subarray(offset - size, offset) };
  });
  if (offset !== bytes.length) throw damaged();
  return files;
}

function parseHeader(header: Buffer): readonly BundleEntry[] {
  try {
    const entries: unknown = JSON.parse(header.toString());
    if (Array.isArray(entries) && entries.every(isEntry)) return entries;
  } catch (cause) {
    throw damaged(cause);
  }
  throw damaged();
}

function isEntry(value: unknown): value is BundleEntry {
  const entry = value as Partial<BundleEntry> | null;
  return typeof entry?.path === "string" && Number.isInteger(entry.mode) && isSize(entry.size);
}

function isSize(size: unknown): boolean {
  return Number.isSafeInteger(size) && Number(size) >= 0;
}

function damaged(cause?: unknown): Error {
  return new Error("The stored source of the function is damaged: it is not a whole bundle.", { cause });
}
