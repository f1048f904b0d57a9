/**
 * Control groups, version 1 or 2: how the memory, processors and processes of a worker are limited. The server makes one
 * group of its own, `dispatch-<pid>-<start time>-<count>`, and a child for each worker; groups of dead servers are removed.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Limits } from "../../../core/shared/ports.ts";
import { signalQuietly } from "./child-end.ts";
import { identify } from "./process-identity.ts";

export type Controller = "memory" | "cpu" | "pids";

/** The control group of one worker. */
export interface ControlGroup {
  /** A process joins by writing 0 into each of these files. */
  readonly joinFiles: readonly string[];
  /** `background` as in `SandboxCommand`. @throws Error when a value is refused, e.g. a memory limit below what is in use. */
  apply(limits: Limits, background?: boolean): void;
  /** True once the kernel has killed a process of the group because memory ran out. */
  memoryExceeded(): boolean;
  /** Bytes in use, without cached files that can be dropped; undefined where memory is not counted. */
  memoryUsed(): number | undefined;
  /** Kills the processes of the group and returns their numbers; [] when there are none. */
  kill(): readonly number[];
  remove(): Promise<void>;
}

export interface ControlGroups {
  /** Which limits can be set here, and how. */
  readonly controllers: Readonly<Partial<Record<Controller, "cgroup v1" | "cgroup v2">>>;
  create(name: string): ControlGroup;
  close(): Promise<void>;
}

const MEBIBYTE = 1024 * 1024;
const PERIOD = 100_000; // microseconds

/** Of a worker's memory, what its sockets may hold in their buffers; mebibytes at least. */
const SOCKET_SHARE = 8;
const LEAST_SOCKET_MEMORY = 8;

const attempt = (action: () => void): boolean => {
  try {
    action();
    return true;
  } catch {
    return false;
  }
};

/** The files of one group. What stands in one already is not written again: whoever loads a function waits for each. */
class Settings {
  readonly #written = new Map<string, string>();

  write(file: string, value: string): void {
    if (this.#written.get(file) === value) return;
    this.#written.delete(file); // for the case that the next line fails
    writeFileSync(file, value);
    this.#written.set(file, value);
  }

  writeIfPresent(file: string, value: string): void {
    if (this.#written.get(file) === value || existsSync(file)) this.write(file, value);
  }
}

const quota = (cpu: number): number => Math.max(1000, Math.round(cpu * PERIOD));

/** Of the processors, while others want them as well: a tenth of what a worker gets. 1024 and 100 are the kernel's defaults. */
const shares = (background: boolean): string => (background ? "102" : "1024");
const weight = (background: boolean): string => (background ? "10" : "100");

type Apply = (settings: Settings, folder: string, limits: Limits, background: boolean) => void;

const applyV1: Record<Controller, Apply> = {
  memory: (settings, folder, { memory }) => {
    const bytes = String(memory * MEBIBYTE);
    const swap = join(folder, "memory.memsw.limit_in_bytes");
    // Memory plus swap may never be below memory, so the order depends on the direction.
    const raised = attempt(() => settings.writeIfPresent(swap, bytes));
    settings.write(join(folder, "memory.limit_in_bytes"), bytes);
    if (!raised) settings.writeIfPresent(swap, bytes);
    // What lies in the buffers of sockets, TCP and UDP, is not part of the memory above. Version 2 counts it in.
    const sockets = Math.max(LEAST_SOCKET_MEMORY, memory / SOCKET_SHARE) * MEBIBYTE;
    attempt(() => settings.writeIfPresent(join(folder, "memory.kmem.tcp.limit_in_bytes"), String(Math.floor(sockets))));
  },
  cpu: (settings, folder, { cpu }, background) => {
    settings.write(join(folder, "cpu.cfs_period_us"), String(PERIOD));
    settings.write(join(folder, "cpu.cfs_quota_us"), String(quota(cpu)));
    settings.write(join(folder, "cpu.shares"), shares(background));
  },
  pids: (settings, folder, { pids }) => settings.write(join(folder, "pids.max"), String(pids)),
};

const applyV2: Record<Controller, Apply> = {
  memory: (settings, folder, { memory }) => {
    settings.write(join(folder, "memory.max"), String(memory * MEBIBYTE));
    settings.writeIfPresent(join(folder, "memory.swap.max"), "0");
  },
  cpu: (settings, folder, { cpu }, background) => {
    settings.write(join(folder, "cpu.max"), `${quota(cpu)} ${PERIOD}`);
    settings.write(join(folder, "cpu.weight"), weight(background));
  },
  pids: applyV1.pids,
};

const readOrEmpty = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
};

const killsCounted = (file: string): boolean => /^oom_kill [1-9]/m.test(readOrEmpty(file));

const processesOf = (folder: string): number[] =>
  readOrEmpty(join(folder, "cgroup.procs"))
    .split("\n")
    .map(Number)
    .filter((pid) => pid > 0); // 0 stands for a process of another process namespace

const killAll = (folder: string): readonly number[] => {
  const pids = processesOf(folder);
  for (const pid of pids) signalQuietly(pid, "SIGKILL");
  return pids;
};

/** The kernel frees a group a moment after its last process was reaped. */
const removeFolder = async (folder: string): Promise<void> => {
  for (let tries = 0; tries < 50; tries += 1) {
    if (attempt(() => rmdirSync(folder)) || !existsSync(folder)) return;
    await sleep(10);
  }
};

/** `dispatch-<pid>-<start time>`: the start time tells a process from a later one with the same number. A count follows. */
const identity = (pid: number): string | undefined => {
  const startTime = identify(pid)?.startTime;
  return startTime === undefined ? undefined : `dispatch-${pid}-${startTime}`;
};

const isLeftover = (name: string): boolean => {
  const [, owner, pid] = /^(dispatch-(\d+)-\d+)-\d+$/.exec(name) ?? [];
  return owner !== undefined && identity(Number(pid)) !== owner;
};

/** None when it is gone: another server that starts may be removing the same. */
const childFolders = (folder: string): string[] => {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name));
  } catch {
    return [];
  }
};

/** Ends what a dead server left in its groups, and removes them. */
const removeTree = async (folder: string): Promise<void> => {
  for (const child of childFolders(folder)) await removeTree(child);
  for (let tries = 0; tries < 50 && killAll(folder).length > 0; tries += 1) await sleep(10);
  await removeFolder(folder);
};

const removeLeftovers = async (parent: string): Promise<void> => {
  for (const folder of childFolders(parent)) if (isLeftover(basename(folder))) await removeTree(folder);
};

interface Hierarchy {
  readonly version: 1 | 2;
  /** Folders in which a group may be made, best first. */
  readonly parents: readonly string[];
  readonly controllers: readonly Controller[];
}

const CONTROLLERS: readonly Controller[] = ["memory", "cpu", "pids"];

/** The hierarchies of this machine, from /proc/self/mountinfo and /proc/self/cgroup. */
export const findHierarchies = (mountinfo: string, membership: string): Hierarchy[] =>
  mountinfo.split("\n").flatMap((line): Hierarchy[] => {
    const [left = "", right = ""] = line.split(" - ");
    const [, , , root = "/", mount = ""] = left.split(" ");
    const [type, , options = ""] = right.split(" ");
    if (type !== "cgroup" && type !== "cgroup2") return [];
    const controllers =
      type === "cgroup2" ? CONTROLLERS : CONTROLLERS.filter((name) => options.split(",").includes(name));
    const own = membership.split("\n").find((entry) => {
      const names = entry.split(":")[1]?.split(",") ?? [];
      return type === "cgroup2" ? entry.startsWith("0::") : controllers.some((name) => names.includes(name));
    });
    const ownPath = (own?.split(":")[2] ?? "/").slice(root === "/" ? 0 : root.length);
    return [{ version: type === "cgroup2" ? 2 : 1, parents: [join(mount, ownPath), mount], controllers }];
  });

interface Opened {
  readonly folder: string;
  readonly version: 1 | 2;
  readonly controllers: readonly Controller[];
}

/** In version 2 children have only the controllers that their parent hands down. */
const handDown = (folder: string): Controller[] =>
  CONTROLLERS.filter((name) => attempt(() => writeFileSync(join(folder, "cgroup.subtree_control"), `+${name}`)));

const openIn = (hierarchy: Hierarchy, parent: string, name: string): Opened | undefined => {
  const folder = join(parent, name);
  if (!attempt(() => mkdirSync(folder, { recursive: true }))) return undefined;
  if (hierarchy.version === 1) return { folder, version: 1, controllers: hierarchy.controllers };
  handDown(parent);
  const controllers = handDown(folder);
  if (controllers.length > 0) return { folder, version: 2, controllers };
  attempt(() => rmdirSync(folder));
  return undefined;
};

const open = async (hierarchy: Hierarchy, name: string): Promise<Opened | undefined> => {
  if (hierarchy.controllers.length === 0) return undefined;
  for (const parent of hierarchy.parents) {
    const opened = openIn(hierarchy, parent, name);
    if (opened !== undefined) {
      await removeLeftovers(parent);
      return opened;
    }
  }
  return undefined;
};

const memoryUsed = (folder: string, version: 1 | 2): number | undefined => {
  const used = Number(readOrEmpty(join(folder, version === 1 ? "memory.usage_in_bytes" : "memory.current")));
  const name = version === 1 ? "total_inactive_file" : "inactive_file";
  const [, droppable = "0"] = new RegExp(`^${name} (\\d+)$`, "m").exec(readOrEmpty(join(folder, "memory.stat"))) ?? [];
  return used > 0 ? Math.max(0, used - Number(droppable)) : undefined;
};

const createGroup = (hierarchies: readonly Opened[], name: string): ControlGroup => {
  const groups = hierarchies.map((hierarchy) => ({ ...hierarchy, folder: join(hierarchy.folder, name) }));
  groups.forEach(({ folder }) => {
    mkdirSync(folder, { recursive: true });
  });
  const settings = new Settings();
  const memory = groups.find(({ controllers }) => controllers.includes("memory"));
  if (memory?.version === 2) attempt(() => writeFileSync(join(memory.folder, "memory.oom.group"), "1"));
  return {
    joinFiles: groups.map(({ folder }) => join(folder, "cgroup.procs")),
    apply: (limits, background = false) => {
      for (const { folder, version, controllers } of groups) {
        const applyTo = version === 1 ? applyV1 : applyV2;
        for (const controller of controllers) applyTo[controller](settings, folder, limits, background);
      }
    },
    memoryExceeded: () =>
      memory !== undefined &&
      killsCounted(join(memory.folder, memory.version === 1 ? "memory.oom_control" : "memory.events")),
    memoryUsed: () => memory && memoryUsed(memory.folder, memory.version),
    kill: () => groups.flatMap(({ folder }) => killAll(folder)),
    remove: async () => {
      for (const { folder } of groups) await removeFolder(folder);
    },
  };
};

let opened = 0;

/** Opens the server's control groups; where none can be written, `controllers` is empty and groups limit nothing. */
export const openControlGroups = async (): Promise<ControlGroups> => {
  opened += 1;
  const name = `${identity(process.pid) ?? `dispatch-${process.pid}-0`}-${opened}`;
  const groups: Opened[] = [];
  const taken = new Set<Controller>();
  for (const hierarchy of findHierarchies(readOrEmpty("/proc/self/mountinfo"), readOrEmpty("/proc/self/cgroup"))) {
    const controllers = hierarchy.controllers.filter((controller) => !taken.has(controller));
    const group = await open({ ...hierarchy, controllers }, name);
    group?.controllers.forEach((controller) => {
      taken.add(controller);
    });
    if (group !== undefined) groups.push(group);
  }
  return {
    controllers: Object.fromEntries(
      groups.flatMap(({ version, controllers }) => controllers.map((controller) => [controller, `cgroup v${version}`])),
    ),
    create: (child) => createGroup(groups, child),
    close: async () => {
      for (const { folder } of groups) await removeTree(folder);
    },
  };
};
