/** The guest's own copies of stdout and stderr, so that a function that closes those loses nothing of what is said later (../PROTOCOL.md). */
import fs from "node:fs";
import { noticeCalls } from "./notice.ts";

export const OWN_STDOUT = 7;
export const OWN_STDERR = 8;

/** How often the kernel is asked at most: asking costs as much as a small run. What Node.js itself closes is known without asking. */
const ASK_AGAIN_MILLISECONDS = 100;

const { fstatSync } = fs;

/** Which open file a descriptor is; undefined for one that is closed. */
const identityOf = (descriptor: number): number | undefined => {
  try {
    return fstatSync(descriptor).ino;
  } catch {
    return undefined;
  }
};

export interface Outputs {
  /** To be called when the function is loaded: what descriptors 1 and 2 are now, they are to be for every run. */
  keep(): void;
  /** What a run did to them. Node.js cannot put them back, so what native code and children of later runs write would be lost. */
  loss(): string | undefined;
}

/** Watches descriptors 1 and 2. To be called before the function's code can hold on to anything. */
export const watchOutputs = (): Outputs => {
  let stdout: number | undefined;
  let stderr: number | undefined;
  let askAgain = 0;
  noticeCalls(fs, ["close", "closeSync"], ([descriptor]) => {
    if (descriptor === 1 || descriptor === 2) askAgain = 0;
  });
  return {
    keep: () => {
      stdout = identityOf(1);
      stderr = identityOf(2);
      askAgain = 0;
    },
    loss: () => {
      const now = performance.now();
      if (now < askAgain) return undefined;
      askAgain = now + ASK_AGAIN_MILLISECONDS;
      const isStdoutLost = identityOf(1) !== stdout;
      if (!isStdoutLost && identityOf(2) === stderr) return undefined;
      const name = isStdoutLost ? "stdout (descriptor 1)" : "stderr (descriptor 2)";
      return `the function closed or replaced its ${name}, so its worker was ended: the next run gets a new one`;
    },
  };
};
