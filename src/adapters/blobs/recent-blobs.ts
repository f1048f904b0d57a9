/**
 * Small blobs that were read lately, in memory: whoever waits for a function to be loaded does not wait for the threads that read
 * files and compute digests, each of which has its own turn on the processor. They are those of the file as it was when it was read.
 */
import { statSync } from "node:fs";
import { type FileMark, fileMark } from "../../core/shared/file-mark.ts";

interface Kept {
  readonly bytes: Buffer;
  readonly mark: FileMark;
}

const LARGEST = 64 * 1024;
const MOST_BYTES = 2 * 1024 * 1024;

/** Undefined for a file that is not there. */
export const markOf = (path: string): FileMark | undefined => {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && fileMark(stats);
};

export class RecentBlobs {
  /** By path, the one that was used last at the end. */
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  /** Bytes of its own for the caller; undefined when the file is not known, gone or changed. */
  get(path: string): Buffer | undefined {
    const kept = this.#kept.get(path);
    if (kept === undefined) return undefined;
    this.#forget(path);
    if (markOf(path) !== kept.mark) return undefined;
    this.#keep(path, kept);
    return Buffer.from(kept.bytes);
  }

  /** @param mark of the file before its bytes were read */
  note(path: string, bytes: Buffer, mark: FileMark | undefined): void {
    if (mark === undefined || bytes.length > LARGEST) return;
    this.#forget(path);
    this.#keep(path, { bytes: Buffer.from(bytes), mark });
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= MOST_BYTES) return;
      this.#forget(oldest);
    }
  }

  #keep(path: string, kept: Kept): void {
    this.#kept.set(path, kept);
    this.#bytes += kept.bytes.length;
  }

  #forget(path: string): void {
    this.#bytes -= this.#kept.get(path)?.bytes.length ?? 0;
    this.#kept.delete(path);
  }
}
