/**
 * Reading an uploaded source: a gzipped tar (server.md 0 rule 13, decision 18). Nothing touches the disk: the files come
 * back in memory, within limits that stop a bomb while it unpacks. Archives without end-of-archive blocks and without the
 * padding of the last entry are read as well, because the published command line writes such ones. Program texts come out as UTF-8.
 */
import { createGunzip } from "node:zlib";
import { Parser, type ReadEntry } from "tar";
import { messageOf } from "../shared/message-of.ts";
import { SourceError, type SourceFile } from "../shared/source-file.ts";
import { kindOf, refuseConflicts, sourcePath } from "./archive-entry.ts";
import { utf8File } from "./source-text.ts";

export interface ArchiveLimits {
  /** Bytes of the unpacked tar, headers included. */
  readonly unpackedBytes: number;
  /** Files, folders and extended headers together. */
  readonly entries: number;
}

/** Decision 18. */
export const defaultArchiveLimits: ArchiveLimits = { unpackedBytes: 256 * 1024 * 1024, entries: 10_000 };

const BLOCK_BYTES = 512;

/** What tar programs fill the last record with; GNU tar takes 10 KiB unless told otherwise. */
const LONGEST_PADDING = 1024 * 1024;

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
    const why = messageOf(cause);
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
  /** What does not fill a block yet. */
  #partial: Buffer = Buffer.alloc(0);
  #ended = false;
  #padding = 0;

  constructor(limits: ArchiveLimits) {
    this.#limits = limits;
    this.#parser.on("error", (error: Error) => this.#refuse(notTar(error)));
    this.#parser.on("eof", () => {
      this.#ended = true;
    });
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
    const bytes = this.#partial.length === 0 ? chunk : Buffer.concat([this.#partial, chunk]);
    const whole = bytes.length - (bytes.length % BLOCK_BYTES);
    this.#partial = bytes.subarray(whole);
    this.#parse(bytes.subarray(0, whole));
  }

  end(): SourceFile[] {
    if (this.#ended) this.#checkPadding(this.#partial);
    else this.#endParser();
    this.#throwRefusal();
    return this.#sourceFiles();
  }

  #endParser(): void {
    if ((this.#current?.remain ?? 0) > this.#partial.length)
      throw new SourceError("The source archive is cut off in the middle of a file.");
    this.#parser.write(Buffer.concat([this.#partial], this.#partial.length === 0 ? 0 : BLOCK_BYTES));
    this.#parser.end(Buffer.alloc(2 * BLOCK_BYTES));
  }

  /** The parser gets contents as they come and everything else by the block: then it is known where the archive ends. */
  #parse(blocks: Buffer): void {
    let at = 0;
    while (at < blocks.length && !this.#ended) {
      const end = at + Math.min(blocks.length - at, this.#current?.blockRemain || BLOCK_BYTES);
      this.#parser.write(blocks.subarray(at, end));
      this.#throwRefusal();
      at = end;
    }
    if (this.#ended) this.#checkPadding(blocks.subarray(at));
  }

  /** @throws SourceError for anything but the zeros that fill the last record. */
  #checkPadding(bytes: Buffer): void {
    this.#padding += bytes.length;
    if (this.#padding > LONGEST_PADDING || bytes.some((byte) => byte !== 0))
      throw new SourceError("The source archive goes on behind its end: pack it again, as one archive.");
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
    // The pieces of a file are given back as soon as it is whole: a source is never in memory twice.
    return Array.from(this.#files, ([path, { mode, chunks }]) =>
      utf8File({ path, mode, bytes: Buffer.concat(chunks.splice(0)) }),
    );
  }
}

function notTar(cause: Error): SourceError {
  return new SourceError(`The source is not a whole tar archive (${cause.message}).`, { cause });
}
