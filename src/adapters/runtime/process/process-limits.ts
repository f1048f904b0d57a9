/** What each process of a sandbox may hold of the kernel, set by prlimit(1) at the head of the chain and inherited. */
import { readFileSync } from "node:fs";

/**
 * One byte of core is the one value with which the kernel writes no core to a file and starts no program of the machine's
 * `core_pattern` either; with 0 it would start it. The system-call filter keeps it so.
 */
const CORE = 1;

/** What programs find anywhere, and what those may raise it to that ask. */
const OPEN_FILES = { usual: 1024, most: 4096 } as const;

const hardLimit = (name: string, limits: string): number => {
  const [, value = "0"] = new RegExp(`^${name} +\\S+ +(\\S+)`, "m").exec(limits) ?? [];
  return value === "unlimited" ? Number.POSITIVE_INFINITY : Number(value);
};

/** @param limits the server's own, as /proc/self/limits tells them: nobody can be given more than the server may have. */
export const processLimits = (limits: string = readFileSync("/proc/self/limits", "utf8")): string[] => {
  const files = hardLimit("Max open files", limits);
  return [
    "prlimit",
    `--core=${Math.min(CORE, hardLimit("Max core file size", limits))}`,
    `--nofile=${Math.min(OPEN_FILES.usual, files)}:${Math.min(OPEN_FILES.most, files)}`,
    "--msgqueue=0",
  ];
};
