/** Who listens inside a container: the kernel's tables of its network, which a process of it shows. */
import { readFile } from "node:fs/promises";

const LISTEN = "0A";

/** The ports in the text of /proc/PID/net/tcp or tcp6 on which somebody listens. */
export const listeningPorts = (table: string): number[] =>
  table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === LISTEN)
    .map((columns) => Number.parseInt(columns[1]?.split(":").at(-1) ?? "", 16));

const tableOf = (pid: number, name: string): Promise<string> =>
  readFile(`/proc/${pid}/net/${name}`, "utf8").catch(() => "");

/** Whether somebody listens on all of these ports where this process is. */
export const listensOn = async (pid: number, ports: readonly number[]): Promise<boolean> => {
  const tables = await Promise.all([tableOf(pid, "tcp"), tableOf(pid, "tcp6")]);
  const open = new Set(tables.flatMap(listeningPorts));
  return ports.every((port) => open.has(port));
};
