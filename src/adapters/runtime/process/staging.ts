/**
 * A root server drops to an unprivileged user before bubblewrap, and that user may not be able to walk to a folder that a
 * sandbox needs, e.g. a data folder below /root. A mount namespace of the server's own shows such folders below /mnt.
 * Nothing of it is visible on the host, and it vanishes with the server.
 */
import { statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { type Holder, startHolder } from "./holder.ts";
import { runProgram } from "./programs.ts";

export interface Staging {
  /** The mount namespace in which `reachable` paths are true. */
  readonly namespace: string;
  /**
   * The path by which the unprivileged user reaches a file or folder.
   * @throws Error when the thing itself is closed to others, which no staging can fix.
   */
  reachable(source: string): Promise<string>;
  close(): Promise<void>;
}

const OTHERS_MAY_ENTER = 0o001;
const OTHERS_MAY_READ = 0o004;
const STAGE = "/mnt";

/** The deepest folder on the way to `source` that others may not enter; undefined when the way is free. */
export const barrier = (source: string): string | undefined => {
  for (let folder = dirname(source); folder !== dirname(folder); folder = dirname(folder)) {
    if ((statSync(folder).mode & OTHERS_MAY_ENTER) === 0) return folder;
  }
  return undefined;
};

/** Closed itself, so that no other way to it helps. What belongs to somebody else was given away on purpose. */
const isClosed = (source: string): boolean => {
  const { mode, uid } = statSync(source);
  return uid === 0 && (mode & OTHERS_MAY_READ) === 0;
};

const firstBelow = (folder: string, path: string): string => {
  const [first = ""] = relative(folder, path).split("/");
  return join(folder, first);
};

const bindInto = async (holder: Holder, source: string, target: string): Promise<void> => {
  const make = statSync(source).isDirectory() ? 'mkdir -p "$2"' : ': > "$2"';
  const script = `${make} && mount --bind "$1" "$2"`;
  await runProgram("nsenter", [`--mount=/proc/${holder.pid}/ns/mnt`, "/bin/sh", "-c", script, "sh", source, target]);
};

/** Makes the staging namespace; only for a server that runs as root. */
export const createStaging = async (): Promise<Staging> => {
  const holder = await startHolder(
    ["--mount", "--propagation", "slave"],
    `mount -t tmpfs -o mode=755,size=1m dispatch ${STAGE}`,
  );
  const staged = new Map<string, Promise<string>>();
  const reached = new Map<string, string>();

  const stage = async (entry: string): Promise<string> => {
    const target = `${STAGE}/${staged.size}`;
    await bindInto(holder, entry, target);
    return target;
  };

  const reach = async (source: string): Promise<string> => {
    if (isClosed(source)) {
      throw new Error(`${source} is closed to the sandbox's user; run chmod -R a+rX ${source}`);
    }
    const closed = barrier(source);
    if (closed === undefined) return source;
    const entry = firstBelow(closed, source);
    const target = staged.get(entry) ?? stage(entry);
    staged.set(entry, target);
    return join(await target, relative(entry, source));
  };

  return {
    namespace: `/proc/${holder.pid}/ns/mnt`,
    reachable: async (source) => {
      const known = reached.get(source);
      if (known !== undefined) return known;
      const path = await reach(source);
      reached.set(source, path);
      return path;
    },
    close: () => holder.close(),
  };
};
