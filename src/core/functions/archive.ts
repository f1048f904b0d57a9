/**
 * Reading an uploaded source: a gzipped tar (server.md 0 rule 13, decision 18). Nothing touches the disk: the files come
 * back in memory, within limits that stop a bomb while it unpacks. Archives without end-of-archive blocks and without the
 * padding of the last entry are read as well, because the published command line writes such ones.
 */
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { Parser, type ReadEntry } from "tar";
import { isFileEntry, isFolderEntry, sourcePath } from "./archive-entry.ts";

/** One file of a function's source. */
export interface SourceFile {
  /** Relative to the source's root, with `/`, without `./`: `lib/util.js`. */
  readonly path: string;
  /** 0o755 when anybody may execute the file, else 0o644: the same source has the same digest wherever it was packed. */
  readonly mode: number;
  readonly bytes: Uint8Array;
}

export interface ArchiveLimits {
  /** Bytes of the unpacked tar, headers included. */
  readonly unpackedBytes: number;
  readonly entries: number;
}

/** The source of a function cannot be used; the message is for the user and names the file (a 400). */
export class SourceError extends Error {
  override name = "SourceError";
}

export const defaultArchiveLimits: ArchiveLimits = { unpackedBytes: 256 * 1024 * 1024, entries: 10_000 };

const BLOCK_BYTES = 512;

/** @throws SourceError when it is no gzipped tar, has links, devices or paths that lead out, or is too large. */
export async function readArchive(gz: Uint8Array, limits: ArchiveLimits = defaultArchiveLimits): Promise<SourceFile[]> {
  const reader = new TarReader(limits);
  for await (const chunk of gunzip(gz)) reader.write(chunk);
  return reader.end();
}

async function* gunzip(gz: Uint8Array): AsyncGenerator<Buffer> {
  const stream = Readable.from([gz]).pipe(createGunzip());
  try {
    yield* stream;
  } catch (cause) {
    if (cause instanceof SourceError) throw cause;
    throw new SourceError(`The source is not a gzipped tar archive: ${(cause as Error).message}.`, { cause });
  } finally {
    stream.destroy();
  }
}

/** The tar half, fed with unpacked bytes; the first refusal is kept and thrown at the next write. */
class TarReader {
  readonly #parser = new Parser({ strict: true, zstd: false });
  readonly #files = new Map<string, { mode: number; chunks: Buffer[] }>();
  readonly #limits: ArchiveLimits;
  #refusal: unknown;
  #unpackedBytes = 0;
  #entries = 0;
  #unread = 0;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
    this.#parser.on("error", (error: Error) =>
      this.#refuse(new SourceError(`The source is not a whole tar archive: ${error.message}.`)),
    );
    this.#parser.on("meta", () => this.#count());
    this.#parser.on("entry", (entry: ReadEntry) => this.#guard(() => this.#accept(entry), entry));
    this.#parser.on("ignoredEntry", (entry: ReadEntry) => this.#guard(() => sourcePath(entry), entry));
    // The parser unpacks what begins like a gzip by itself, past our limits; an empty block in front keeps it from that.
    this.#parser.write(Buffer.alloc(BLOCK_BYTES));
  }

  write(chunk: Buffer): void {
    this.#unpackedBytes += chunk.length;
    if (this.#unpackedBytes > this.#limits.unpackedBytes) {
      throw new SourceError(`The source is too large: it unpacks to more than ${this.#limits.unpackedBytes} bytes.`);
    }
    this.#parser.write(chunk);
    this.#throwRefusal();
  }

  end(): SourceFile[] {
    const missing = -this.#unpackedBytes & (BLOCK_BYTES - 1);
    if (this.#unread > (BLOCK_BYTES - missing) % BLOCK_BYTES)
      throw new SourceError("The source archive is cut off in the middle of a file.");
    this.#parser.write(Buffer.alloc(missing + 2 * BLOCK_BYTES));
    this.#parser.end();
    this.#throwRefusal();
    return sourceFiles(this.#files);
  }
}
