/**
 * Who runs on which core: the load generator on the last one alone, every server (Dispatch with its workers, and the echo)
 * on all of them. So both sides of a comparison have the same room, and the generator never wanders.
 */
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

const cores = availableParallelism();
let available = true;

/** Pins this process. Answers a sentence when that is not possible here. */
export function pinGenerator(): string | undefined {
  try {
    execFileSync("taskset", ["-acp", String(cores - 1), String(process.pid)], { stdio: "ignore" });
    return undefined;
  } catch {
    available = false;
    return "taskset is missing (util-linux): nothing is pinned, figures are less steady";
  }
}

/** The command line that runs a server on all cores. */
export function onAllCores(command: string, args: readonly string[]): { command: string; args: string[] } {
  if (!available) return { command, args: [...args] };
  return { command: "taskset", args: ["-c", `0-${cores - 1}`, command, ...args] };
}
