/** Processes that a run started and left behind (../PROTOCOL.md). */
import { openSync, readdirSync, readFileSync, readSync } from "node:fs";

const NAMED = 10;
const PATIENCE_MILLISECONDS = 50;
const SPACE = 32;

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

const processes = (): Map<number, Process> => {
  const found = new Map<number, Process>();
  for (const entry of readdirSync("/proc")) {
    const number = Number(entry);
    const one = Number.isInteger(number) ? readProcess(number) : undefined;
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

/**
 * Watches from now on; what lives already was started while the function was loaded, and belongs to the worker. The
 * function that comes back ends what a run left behind and gives the line that says so.
 */
export const watchLeftovers = (): (() => string | undefined) => {
  const loadavg = openSync("/proc/loadavg", "r");
  const text = Buffer.alloc(128);
  const kill = process.kill.bind(process);
  const kept = new Set(processes().keys());
  const helpers = new Set([...kept].filter((number) => number !== 1 && number !== process.pid));

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
    for (let left = alive(); left.length > 0 && performance.now() < until; left = alive()) {
      for (const [number, { name }] of left) {
        ended.set(number, name);
        end(number);
      }
      pause(0.5);
    }
    return lineOf(ended);
  };

  let last = lastNumber();
  return () => {
    if (lastNumber() === last) return undefined;
    const line = endAll();
    last = lastNumber();
    return line;
  };
};
