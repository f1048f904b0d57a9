/** A process by its number and its start time: the kernel gives a number again, the pair never. */
import { readFileSync } from "node:fs";
import { signalQuietly } from "./child-end.ts";

export interface ProcessIdentity {
  readonly pid: number;
  /** Ticks after the machine's start, as /proc/<pid>/stat tells them. */
  readonly startTime: string;
}

interface ProcessState extends ProcessIdentity {
  /** A zombie: it still has its number, but its threads, files and namespaces are gone. */
  readonly hasEnded: boolean;
}

const stateOf = (pid: number): ProcessState | undefined => {
  try {
    // The name in parentheses is the process's own choice and may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    const [state = "", startTime = ""] = [fields[0], fields[19]];
    return { pid, startTime, hasEnded: /[ZX]/.test(state) };
  } catch {
    return undefined;
  }
};

/** Who has this number now; undefined when nobody has. */
export const identify = (pid: number): ProcessIdentity | undefined => stateOf(pid);

/** Whether it is the first process of a process namespace inside of ours. */
export const isNamespaceInit = (pid: number): boolean => {
  try {
    return /^NSpid:\s+\d+.*\s1$/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

export const isRunning = ({ pid, startTime }: ProcessIdentity): boolean => {
  const state = stateOf(pid);
  return state !== undefined && state.startTime === startTime && !state.hasEnded;
};

/** Sends SIGKILL to exactly this process; false when it has ended already. */
export const killIfRunning = (identity: ProcessIdentity): boolean => {
  if (!isRunning(identity)) return false;
  signalQuietly(identity.pid, "SIGKILL");
  return true;
};
