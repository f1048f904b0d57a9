/** Blobs that stay while a backup reads them. */
import type { Blobs } from "../core/shared/ports.ts";

export interface HeldBlobs extends Blobs {
  /** Returns the function that lets go. */
  hold(): () => void;
}

export function holdable(blobs: Blobs): HeldBlobs {
  const readers = new Set<object>();
  return {
    ...blobs,
    collect: (isUsed) => blobs.collect((digest) => readers.size > 0 || isUsed(digest)),
    hold() {
      const reader = {};
      readers.add(reader);
      return () => void readers.delete(reader);
    },
  };
}
