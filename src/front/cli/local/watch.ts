/** Tells when something in folders was saved. */
import { type FSWatcher, statSync, watch } from "node:fs";

export interface Watch {
  /** Resolves when something has changed since the last time and then nothing did for a moment; to the monotonic time of the change. */
  changed(): Promise<number>;
  close(): void;
}

/** Editors write in several steps; the last one counts. */
const QUIET_MS = 8;
/** What is written all the time is looked at so often at least. */
const LONGEST_MS = 100;

/**
 * Folders are watched and not files: most editors put another file in a file's place. `folders` is asked again after each
 * change, because folders come and go.
 */
export function watchFolders(folders: () => Promise<readonly string[]>): Watch {
  const watchers = new Map<string, Watcher>();
  let since = 0;
  let wake: () => void = () => {};
  const note = (): void => {
    since ||= performance.now();
    wake();
  };
  const watchAll = async (): Promise<void> => {
    // What was saved in a new folder before it was watched counts, too.
    for (const folder of await folders()) if (renew(watchers, folder, note)) note();
  };
  const cameAgain = (): boolean => {
    const again = since > 0;
    since = 0;
    return again;
  };
  return {
    async changed() {
      await watchAll();
      while (since === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const first = since;
      await quiet(first, cameAgain);
      return first;
    },
    close() {
      for (const { watcher } of watchers.values()) watcher.close();
    },
  };
}

interface Watcher {
  readonly watcher: FSWatcher;
  /** Which folder it is, whatever its name. */
  readonly identity: string;
}

/** Watches a folder, or the one that came in its place; whether that was new. */
function renew(watchers: Map<string, Watcher>, folder: string, note: () => void): boolean {
  const stats = statSync(folder, { throwIfNoEntry: false });
  const identity = stats && `${stats.ino} ${stats.birthtimeMs}`;
  const before = watchers.get(folder);
  if (identity === before?.identity) return false;
  before?.watcher.close();
  watchers.delete(folder);
  if (identity !== undefined) watchers.set(folder, { watcher: watch(folder, note).on("error", note), identity });
  return identity !== undefined;
}

/** Until nothing came for a moment. */
async function quiet(from: number, cameAgain: () => boolean): Promise<void> {
  while (cameAgain() && performance.now() - from < LONGEST_MS)
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
}
