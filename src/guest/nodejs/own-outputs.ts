/** The guest's own copies of stdout and stderr, so that a function that closes those loses nothing of what is said later (../PROTOCOL.md). */
import { fstatSync } from "node:fs";

export const OWN_STDOUT = 7;
export const OWN_STDERR = 8;

/** Which open file a descriptor is; undefined for one that is closed. */
const identityOf = (descriptor: number): number | undefined => {
  try {
    return fstatSync(descriptor).ino;
  } catch {
    return undefined;
  }
};

/**
 * Remembers what descriptors 1 and 2 are now. The function that it gives says what a run did to them: Node.js cannot put
 * them back, so what native code and children of later runs write would be lost.
 */
export const watchOutputs = (): (() => string | undefined) => {
  const [stdout, stderr] = [identityOf(1), identityOf(2)];
  return () => {
    const isStdoutLost = identityOf(1) !== stdout;
    if (!isStdoutLost && identityOf(2) === stderr) return undefined;
    const name = isStdoutLost ? "stdout (descriptor 1)" : "stderr (descriptor 2)";
    return `the function closed or replaced its ${name}, so its worker was ended: the next run gets a new one`;
  };
};
