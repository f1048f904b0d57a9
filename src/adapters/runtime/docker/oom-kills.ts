/** How often the kernel killed something in a process' control group because memory ran out. */
import { readFile } from "node:fs/promises";

const ROOT = "/sys/fs/cgroup";

/** Where the count stands, by the text of /proc/PID/cgroup (cgroups(7)): version 1 names the controller, version 2 has one group for all. */
export const oomFile = (groups: string): string | undefined => {
  const first = /^\d+:(?:[\w=]+,)*memory(?:,[\w=]+)*:(.+)$/m.exec(groups)?.[1];
  if (first !== undefined) return `${ROOT}/memory${first}/memory.oom_control`;
  const unified = /^0::(.+)$/m.exec(groups)?.[1];
  return unified === undefined ? undefined : `${ROOT}${unified}/memory.events`;
};

/** Also 0 where the kernel does not count it. */
export const oomKills = async (pid: number): Promise<number> => {
  const read = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");
  const file = oomFile(await read(`/proc/${pid}/cgroup`));
  return file === undefined ? 0 : Number(/^oom_kill (\d+)$/m.exec(await read(file))?.[1] ?? 0);
};
