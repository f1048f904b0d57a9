/**
 * Descriptors that the server was started with, beyond its standard streams, and never asked for: a supervisor or a shell
 * may leave such things open. Node.js marks its own as close-on-exec; these would pass into every sandbox, so the
 * shell at the head of the chain closes them.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";

export interface InheritedDescriptors {
  readonly descriptors: readonly number[];
  /** The shell that can close them: the plain one knows descriptors of one digit only. */
  readonly shell: string;
}

const CLOSE_ON_EXEC = 0o2000000;
const FIRST = 3;

const staysOpen = (descriptor: number): boolean => {
  try {
    const [, flags = "0"] = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8")) ?? [];
    return (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    return false; // it was the descriptor of the listing itself
  }
};

/** @param ours the highest descriptor that the chain itself uses; those below are replaced at each start. */
export const findInheritedDescriptors = (ours: number): InheritedDescriptors => {
  const descriptors = readdirSync("/proc/self/fd")
    .map(Number)
    .filter((descriptor) => descriptor >= FIRST && descriptor > ours && staysOpen(descriptor));
  const bash = ["/bin/bash", "/usr/bin/bash"].find((path) => existsSync(path));
  if (bash !== undefined && descriptors.some((descriptor) => descriptor > 9)) return { descriptors, shell: bash };
  return { descriptors: descriptors.filter((descriptor) => descriptor <= 9), shell: "/bin/sh" };
};
