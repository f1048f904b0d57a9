/** A server as a child process: started, waited for, stopped. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onAllCores } from "./pinning.ts";

export interface Program {
  readonly pid: number;
  /** What the pattern's first group found in the output, one for each pattern. */
  readonly found: readonly string[];
  stop(): Promise<void>;
}

/** Resolves when every pattern was seen on stdout. @throws Error with its last lines when it ends before. */
export async function startProgram(
  command: string,
  args: readonly string[],
  patterns: readonly RegExp[],
): Promise<Program> {
  const pinned = onAllCores(command, args);
  const child = spawn(pinned.command, pinned.args, { stdio: ["ignore", "pipe", "pipe"] });
  await once(child, "spawn");
  const found = await seen(child, patterns);
  return { pid: child.pid ?? 0, found, stop: () => stop(child) };
}

function seen(child: ChildProcess, patterns: readonly RegExp[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const found = new Map<RegExp, string>();
    let lines: string[] = [];
    const hear = (line: string): void => {
      lines = [...lines.slice(-20), line];
      for (const pattern of patterns) {
        const match = pattern.exec(line)?.[1];
        if (match !== undefined) found.set(pattern, match);
      }
      if (found.size === patterns.length) resolve(patterns.map((pattern) => found.get(pattern) ?? ""));
    };
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", hear);
    }
    child.once("exit", () => reject(new Error(`the server ended:\n${lines.join("\n")}`)));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}
