/** What a process and all its descendants have used, from /proc. */
import { readdirSync, readFileSync } from "node:fs";

/** The unit of times in /proc/<pid>/stat: 1/100 s on every architecture. */
const TICK_MICROSECONDS = 10_000;
const PARENT = 1;
const FIRST_TIME = 11;
const TIMES = 4;

interface Entry {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/** Microseconds of CPU, in user and kernel mode, also of threads and of children that have ended. */
export function cpuMicroseconds(root: number): number {
  const tree = treeOf(root);
  return tree.reduce((sum, { ticks }) => sum + ticks, 0) * TICK_MICROSECONDS;
}

/** Resident mebibytes of one process. */
export function residentMebibytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** Mebibytes that one process has written and shares with none. */
export function privateMebibytes(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Private_Dirty:\s+(\d+)/m.exec(rollup)?.[1] ?? Number.NaN) / 1024;
}

/** Microseconds of CPU of one process with its threads, without other processes. */
export function ownCpuMicroseconds(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const times = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  return times.reduce((sum, time) => sum + Number(time), 0) / 1000;
}

/** The processes below one. */
export function descendantsOf(root: number): number[] {
  return treeOf(root).flatMap(({ pid }) => (pid === root ? [] : [pid]));
}

function treeOf(root: number): Entry[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap(entryOf);
  const tree = all.filter(({ pid }) => pid === root);
  for (const member of tree) tree.push(...all.filter(({ parent }) => parent === member.pid));
  return tree;
}

/** The fields of /proc/<pid>/stat; none when the process has ended. The name in parentheses may hold anything, so fields are counted after it. */
function entryOf(pid: string): Entry[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const times = fields.slice(FIRST_TIME, FIRST_TIME + TIMES).map(Number);
    return [{ pid: Number(pid), parent: Number(fields[PARENT]), ticks: times.reduce((sum, time) => sum + time, 0) }];
  } catch {
    return [];
  }
}
