/** The files of a function, as they were uploaded. */

/** One file of a function's source. */
export interface SourceFile {
  /** Relative to the source's root, with `/`, without `./`: `lib/util.js`. */
  readonly path: string;
  /** 0o755 when its owner may execute it, else 0o644: equal sources have equal digests wherever they were packed. */
  readonly mode: number;
  readonly bytes: Uint8Array;
}

/** The source of a function cannot be used. The message is for the user and names the file; an answer of class 400. */
export class SourceError extends Error {
  override name = "SourceError";
}
