/** Processes that a dead server left running. No list of them is kept: a sandbox is recognised by the folder that it has as /etc. */
import { readdirSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "./log.ts";
import { identify, killIfRunning, type ProcessIdentity } from "./process-identity.ts";

const PAUSE = 10; // milliseconds
const MOST_PAUSES = 500;

/** Device and inode: the same for a folder and for what a sandbox sees of it. */
const placeOf = (path: string): string | undefined => {
  try {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  } catch {
    return undefined; // not there, or of a process that this user may not look into
  }
};

const sandboxedWith = (etcFolders: readonly string[]): ProcessIdentity[] => {
  const places = new Set(etcFolders.map(placeOf));
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && places.has(placeOf(`/proc/${pid}/root/etc`) ?? ""))
    .flatMap((pid) => identify(pid) ?? []);
};

/**
 * Ends every process that has one of these folders as its /etc. The folders belong to one server at a time, and this one
 * has started nothing yet.
 */
export const endLeftovers = async (etcFolders: readonly string[], log: Log): Promise<void> => {
  for (let pauses = 0; pauses < MOST_PAUSES; pauses += 1) {
    const left = sandboxedWith(etcFolders).filter(killIfRunning);
    if (left.length === 0) return;
    await sleep(PAUSE);
  }
  const left = sandboxedWith(etcFolders).map(({ pid }) => pid);
  log.error({ left }, "processes of a server that died do not end; the kernel holds them");
};
