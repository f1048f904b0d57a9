/** Processes that a run started and left behind (../PROTOCOL.md). */
import childProcess from "node:child_process";
import { openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { noticeCalls } from "./notice.ts";

const NAMED = 10;
const PATIENCE_MILLISECONDS = 50;
const SPACE = 32;
/** How often the kernel is asked at most: asking costs as much as a small run. What Node.js itself starts is known without asking. */
const ASK_AGAIN_MILLISECONDS = 100;

interface Process {
  readonly name: string;
  readonly ended: boolean;
  readonly parent: number;
}

const readProcess = (number: number): Process | undefined => {
  try {
    const text = readFileSync(`/proc/${number}/stat`, "latin1");
    const close = text.lastIndexOf(")");
    const [state = "", parent = "0"] = text.slice(close + 2).split(" ");
    return { name: text.slice(text.indexOf("(") + 1, close), ended: "ZX".includes(state), parent: Number(parent) };
  } catch {
    return undefined; // it has ended
  }
};

const numbers = (): number[] => readdirSync("/proc").map(Number).filter(Number.isInteger);

const processes = (): Map<number, Process> => {
  const found = new Map<number, Process>();
  for (const number of numbers()) {
    const one = readProcess(number);
    if (one !== undefined) found.set(number, one);
  }
  return found;
};

const pause = (milliseconds: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
};

const lineOf = (ended: ReadonlyMap<number, string>): string | undefined => {
  if (ended.size === 0) return undefined;
  const some = [...ended].slice(0, NAMED).map(([number, name]) => `${name} (${number})`);
  const more = ended.size > NAMED ? ` and ${ended.size - NAMED} more` : "";
  return `dispatch: the run left processes behind, which were ended: ${some.join(", ")}${more}`;
};

/** Calls `notice` whenever Node.js starts a process. */
const noticeStarts = (notice: () => void): void => {
  noticeCalls(childProcess.ChildProcess.prototype, ["spawn"], notice);
  noticeCalls(childProcess, ["spawnSync", "execSync", "execFileSync"], notice);
};

export interface Leftovers {
  /** To be called when the function is loaded: processes that live now belong to the worker. */
  keep(): void;
  /** Whether no process was started since it was last asked; now and then that is taken for granted. */
  nothingStarted(): boolean;
  /** Ends what a run left behind, and gives the line that says so. */
  end(): string | undefined;
}

/** Watches from now on which processes are started. To be called before the function's code can hold on to anything. */
export const watchLeftovers = (): Leftovers => {
  const loadavg = openSync("/proc/loadavg", "r");
  const text = Buffer.alloc(128);
  const kill = process.kill.bind(process);
  let kept: ReadonlySet<number> = new Set();
  let helpers: ReadonlySet<number> = new Set();
  let last = 0;
  let askAgain = 0;
  let started = false;
  noticeStarts(() => {
    started = true;
  });

  /** The number of the youngest process or thread in this namespace: while it stays, nothing was started. */
  const lastNumber = (): number => {
    const length = readSync(loadavg, text, 0, text.length, 0);
    let number = 0;
    for (let at = text.lastIndexOf(SPACE, length - 1) + 1; at < length - 1; at += 1)
      number = number * 10 + (text[at] ?? 0) - 48;
    return number;
  };

  const isHelpers = (found: ReadonlyMap<number, Process>, number: number): boolean => {
    for (let one = found.get(number); one !== undefined; one = found.get(one.parent)) {
      if (helpers.has(one.parent)) return true;
    }
    return false;
  };

  const alive = (): [number, Process][] => {
    const found = processes();
    return [...found].filter(([number, { ended }]) => !ended && !kept.has(number) && !isHelpers(found, number));
  };

  const end = (number: number): void => {
    try {
      kill(number, "SIGKILL");
    } catch {
      // It has ended.
    }
  };

  const endAll = (): string | undefined => {
    const ended = new Map<number, string>();
    const until = performance.now() + PATIENCE_MILLISECONDS;
    // At least once, however long a busy machine takes to list them.
    for (let left = alive(); left.length > 0; left = performance.now() < until ? alive() : []) {
      for (const [number, { name }] of left) {
        ended.set(number, name);
        end(number);
      }
      pause(0.5);
    }
    return lineOf(ended);
  };

  const nothingStarted = (): boolean => {
    if (started) return false;
    const now = performance.now();
    if (now < askAgain) return true;
    askAgain = now + ASK_AGAIN_MILLISECONDS;
    return lastNumber() === last;
  };

  return {
    nothingStarted,
    keep: () => {
      kept = new Set(numbers());
      helpers = new Set([...kept].filter((number) => number !== 1 && number !== process.pid));
      last = lastNumber();
      started = false;
      askAgain = 0;
    },
    end: () => {
      if (nothingStarted()) return undefined;
      askAgain = performance.now() + ASK_AGAIN_MILLISECONDS;
      started = false;
      const line = endAll();
      last = lastNumber();
      return line;
    },
  };
};
