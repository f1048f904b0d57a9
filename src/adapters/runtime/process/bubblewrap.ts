/** The arguments of bubblewrap: what a sandbox sees of the machine. Pure: no look at the machine in here. */

/** A file or folder of the host and where the sandbox sees it; read-only unless said otherwise. */
export interface Bind {
  readonly source: string;
  readonly target: string;
  readonly writable?: boolean;
}

/** A symbolic link in the sandbox; the folders above it are made. */
export interface Link {
  readonly path: string;
  readonly target: string;
}

export interface View {
  readonly binds: readonly Bind[];
  /** Symbolic links of the host's root, such as /bin -> usr/bin. */
  readonly links: readonly Link[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  /** Mebibytes of /tmp. */
  readonly disk: number;
  /** Mebibytes of /function, which only the guest fills. */
  readonly functionSpace: number;
  readonly seccompFd?: number;
  readonly infoFd: number;
  /** No network at all, not even the one in which it is started. */
  readonly alone?: boolean;
}

const MEBIBYTE = 1024 * 1024;

/** The user inside every sandbox. Outside it is another one, see sandbox.ts. */
export const INSIDE = { uid: 1000, gid: 1000, name: "function" } as const;

/**
 * Namespaces, and no capability even inside them: an ordinary user's server is root in its network's user namespace, and
 * bubblewrap leaves such a caller its capabilities.
 */
const namespaces = [
  ...["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
  ...["--uid", String(INSIDE.uid), "--gid", String(INSIDE.gid), "--hostname", "function"],
  ...["--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"],
];

const tmpfs = (path: string, mebibytes: number): string[] => [
  ...["--size", String(Math.max(1, Math.floor(mebibytes)) * MEBIBYTE), "--perms", "0700", "--tmpfs", path],
];

/**
 * The sandbox's init belongs to the same user as what runs under it, so its memory could be written through /proc/1/mem.
 * Whoever did that would decide when the sandbox ends. Nothing in a sandbox needs to know its init.
 */
const hiddenInit = ["--size", "4096", "--perms", "0555", "--tmpfs", "/proc/1", "--remount-ro", "/proc/1"];

/** The root itself and /dev are tmpfs that bubblewrap leaves writable and unbounded, hence the remounts. */
const folders = (view: View): string[] => [
  ...view.links.flatMap(({ path, target }) => ["--symlink", target, path]),
  ...view.binds.flatMap((bind) => [bind.writable ? "--bind" : "--ro-bind", bind.source, bind.target]),
  ...["--proc", "/proc", ...hiddenInit, "--dev", "/dev", ...tmpfs("/dev/shm", view.disk), "--remount-ro", "/dev"],
  ...[...tmpfs("/tmp", view.disk), ...tmpfs("/function", view.functionSpace), "--remount-ro", "/"],
];

/** All options, to be handed over on a file descriptor (`--args`) so that no path of the host shows in /proc/1/cmdline. */
export const bubblewrapOptions = (view: View): string[] => [
  ...namespaces,
  ...(view.alone === true ? ["--unshare-net"] : []),
  ...Object.entries(view.environment).flatMap(([name, value]) => ["--setenv", name, value]),
  ...folders(view),
  ...["--chdir", view.directory, "--info-fd", String(view.infoFd)],
  ...(view.seccompFd === undefined ? [] : ["--seccomp", String(view.seccompFd)]),
];
