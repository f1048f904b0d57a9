/**
 * Folders that strangers' programs filled. The server never walks through one: in it a name can become a link to anything
 * from one moment to the next, and its depth and number are the stranger's choice. What must be done is done in a sandbox
 * without network, by the user who owns the folder, with the system's own programs, which enter folders one by one and so
 * manage any depth.
 */
import { lstat } from "node:fs/promises";
import { text } from "node:stream/consumers";
import type { Sandbox } from "../runtime/process/sandbox.ts";

/** What a tree holds; what lies beyond `mostEntries` was not counted. */
export interface TreeSize {
  readonly entries: number;
  readonly bytes: number;
  /** Levels of folders. */
  readonly depth: number;
}

const AT = "/tree";

const LIMITS = { memory: 512, cpu: 1, pids: 32, disk: 1 };

/** A tree as large as an installer may make one takes seconds. */
const MILLISECONDS = 5 * 60 * 1000;

/** What its owner closed to himself is opened; what is the server's in it stays as it is. */
const OPEN_UP = "chmod -R u+rwX . 2>/dev/null || :";

const COUNT = `${OPEN_UP}
find . -mindepth 1 -printf '%d %s\\n' 2>/dev/null | awk -v most="$1" '
  { entries++; bytes += $2; if ($1 > depth) depth = $1; if (entries > most) exit }
  END { printf "%.0f %.0f %.0f", entries, bytes, depth }'`;

/** Readable by everybody, writable by its owner alone, no set-uid; pipes, sockets and devices are removed. */
const CLOSE = `set -e
[ -d "$1" ] && [ ! -L "$1" ] || { echo absent; exit; }
cd "$1"
find . ! -type f ! -type d ! -type l -delete
chmod -R u=rwX,go=rX,a-s,-t .
echo closed`;

const EMPTY = `${OPEN_UP}
find . -xdev -mindepth 1 -delete`;

/** Runs a script in the folder, as its owner. @throws Error with what it complained about. */
const perform = async (sandbox: Sandbox, folder: string, script: string, argument: string): Promise<string> => {
  const bind = { source: folder, target: AT, writable: true };
  const { uid } = await lstat(folder);
  const running = await sandbox.spawn({
    ...{ command: "/bin/sh", args: ["-c", script, "sh", argument], environment: {}, binds: [bind], limits: LIMITS },
    ...{ network: "nothing", organization: "", uid, directory: sandbox.pathOf(bind) },
  });
  const tooLong = setTimeout(() => void running.terminate(), MILLISECONDS);
  const [exit, output, complaint] = await Promise.all([
    running.exited,
    text(running.stdout),
    text(running.stderr),
  ]).finally(() => clearTimeout(tooLong));
  if (exit.code === 0) return output;
  throw new Error(`${folder}: ${complaint.trim().split("\n").at(-1) || `exit code ${exit.code}, ${exit.signal}`}`);
};

/** Counts what is below a folder that may change meanwhile. */
export const measureTree = async (sandbox: Sandbox, folder: string, mostEntries: number): Promise<TreeSize> => {
  const output = await perform(sandbox, folder, COUNT, String(mostEntries));
  const [entries = 0, bytes = 0, depth = 0] = output.split(" ").map(Number);
  return { entries, bytes, depth };
};

/** Closes one folder in a tree for good; false when there is no real folder of that name. Its installer must have ended. */
export const closeTree = async (sandbox: Sandbox, folder: string, name: string): Promise<boolean> =>
  (await perform(sandbox, folder, CLOSE, name)).trim() === "closed";

/** Deletes everything below a folder. */
export const emptyTree = async (sandbox: Sandbox, folder: string): Promise<void> => {
  await perform(sandbox, folder, EMPTY, "");
};
