/** Blobs that stay while a backup reads them: what is removed meanwhile is removed when the last reader is gone. */
import type { Blobs } from "../core/shared/ports.ts";

export interface HeldBlobs extends Blobs {
  /** Returns the function that lets go. */
  hold(): () => void;
}

/** Removals that fail later are reported, because nobody waits for them any more. */
export function holdable(blobs: Blobs, report: (error: unknown) => void): HeldBlobs {
  const doomed = new Set<string>();
  let readers = 0;
  const letGo = (): void => {
    if (--readers > 0) return;
    for (const digest of doomed) blobs.remove(digest).catch(report);
    doomed.clear();
  };
  return {
    get: (digest) => blobs.get(digest),
    list: () => blobs.list(),
    async put(bytes) {
      const digest = await blobs.put(bytes);
      doomed.delete(digest);
      return digest;
    },
    async remove(digest) {
      if (readers === 0) await blobs.remove(digest);
      else doomed.add(digest);
    },
    hold() {
      readers++;
      let held = true;
      return () => {
        if (held) letGo();
        held = false;
      };
    },
  };
}
