/**
 * Reading an uploaded source: a gzipped tar (server.md 0 rule 13, decision 18). Nothing touches the disk: the files come
 * back in memory, within limits that stop a bomb while it unpacks. Archives without end-of-archive blocks and without the
 * padding of the last entry are read as well, because the published command line writes such ones.
 */
import { createGunzip } from "node:zlib";
import { Parser, type ReadEntry } from "tar";
import { kindOf, refuseConflicts, SourceError, type SourceFile, sourcePath } from "./archive-entry.ts";

export { SourceError, type SourceFile } from "./archive-entry.ts";

export interface ArchiveLimits {
  /** Bytes of the unpacked tar, headers included. */
  readonly unpackedBytes: number;
  /** Files, folders and extended headers together. */
  readonly entries: number;
}

/** Decision 18. */
export const defaultArchiveLimits: ArchiveLimits = { unpackedBytes: 256 * 1024 * 1024, entries: 10_000 };

const BLOCK_BYTES = 512;

/** @throws SourceError when it is no gzipped tar, has links, devices or paths that lead out, is empty or too large. */
export async function readArchive(gz: Uint8Array, limits: ArchiveLimits = defaultArchiveLimits): Promise<SourceFile[]> {
  const reader = new TarReader(limits);
  for await (const chunk of gunzip(gz)) reader.write(chunk);
  return reader.end();
}

async function* gunzip(gz: Uint8Array): AsyncGenerator<Buffer> {
  const stream = createGunzip();
  stream.end(gz);
  try {
    yield* stream;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SourceError(`The source is not a gzipped tar archive (${why}).`, { cause });
  }
}

/** The tar half, fed with unpacked bytes. The parser reports by events; the first refusal is thrown by the call that met it. */
class TarReader {
  readonly #parser = new Parser({ strict: true, zstd: false });
  readonly #files = new Map<string, { readonly mode: number; readonly chunks: Buffer[] }>();
  readonly #limits: ArchiveLimits;
  #current: ReadEntry | undefined;
  #refusal: unknown;
  #unpackedBytes = 0;
  #entries = 0;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
    this.#parser.on("error", (error: Error) => this.#refuse(notTar(error)));
    this.#parser.on("meta", () => this.#count());
    this.#parser.on("entry", (entry: ReadEntry) => this.#accept(entry));
    this.#parser.on("ignoredEntry", (entry: ReadEntry) => this.#accept(entry));
    // The parser unpacks what begins like a gzip by itself, past our limits; an empty block in front keeps it from that.
    this.#parser.write(Buffer.alloc(BLOCK_BYTES));
  }

  write(chunk: Buffer): void {
    this.#unpackedBytes += chunk.length;
    const limit = this.#limits.unpackedBytes;
    if (this.#unpackedBytes > limit)
      throw new SourceError(`The source is too large: unpacked it has more than ${limit} bytes.`);
    this.#parser.write(chunk);
    this.#throwRefusal();
  }

  end(): SourceFile[] {
    const unparsed = this.#unpackedBytes % BLOCK_BYTES;
    if ((this.#current?.remain ?? 0) > unparsed)
      throw new SourceError("The source archive is cut off in the middle of a file.");
    this.#parser.write(Buffer.alloc((BLOCK_BYTES - unparsed) % BLOCK_BYTES));
    this.#parser.end(Buffer.alloc(2 * BLOCK_BYTES));
    this.#throwRefusal();
    return this.#sourceFiles();
  }

  #accept(entry: ReadEntry): void {
    this.#current = entry;
    this.#count();
    try {
      this.#collect(entry);
    } catch (error) {
      this.#refuse(error);
      entry.resume();
    }
  }

  #collect(entry: ReadEntry): void {
    const isFile = kindOf(entry.type, entry.path) === "file";
    const path = sourcePath(entry.path);
    const chunks: Buffer[] = [];
    entry.on("data", (chunk: Buffer) => chunks.push(chunk));
    if (isFile && path !== "") this.#files.set(path, { mode: (entry.mode ?? 0) & 0o100 ? 0o755 : 0o644, chunks });
  }

  #count(): void {
    this.#entries += 1;
    if (this.#entries <= this.#limits.entries) return;
    this.#refuse(new SourceError(`The source has too many entries: at most ${this.#limits.entries} are allowed.`));
  }

  #refuse(error: unknown): void {
    this.#refusal ??= error;
  }

  #throwRefusal(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  #sourceFiles(): SourceFile[] {
    if (this.#files.size === 0) throw new SourceError("The source is empty: the archive has no file.");
    refuseConflicts(new Set(this.#files.keys()));
    return Array.from(this.#files, ([path, { mode, chunks }]) => ({ path, mode, bytes: Buffer.concat(chunks) }));
  }
}

function notTar(cause: Error): SourceError {
  return new SourceError(`The source is not a whole tar archive (${cause.message}).`, { cause });
}
