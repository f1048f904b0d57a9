/** What a language's worker is compared with: its interpreter alone, which starts and ends, or waits. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Language } from "../src/core/shared/ports.ts";
import { privateMebibytes } from "./process-tree.ts";

export interface Bare {
  readonly command: string;
  /** Arguments of a program that does nothing. */
  readonly nothing: readonly string[];
  /** Arguments of one that waits until its stdin ends. */
  readonly waiting: readonly string[];
}

const SETTLED_MS = 1000;

const JAVA = `public class Hello {
  public static void main(String[] words) throws Exception { if (words.length > 0) System.in.read(); }
}`;

const programs: Readonly<Record<Language, (folder: string) => Pick<Bare, "nothing" | "waiting">>> = {
  nodejs: () => ({ nothing: ["-e", "0"], waiting: ["-e", "process.stdin.resume()"] }),
  python3: () => ({ nothing: ["-c", "pass"], waiting: ["-c", "import sys; sys.stdin.read()"] }),
  java: (folder) => {
    const hello = ["-Xshare:auto", "-cp", folder, "Hello"];
    return { nothing: hello, waiting: [...hello, "wait"] };
  },
  powershell: () => {
    const run = ["-NoLogo", "-NoProfile", "-NonInteractive", "-Command"];
    return { nothing: [...run, "exit"], waiting: [...run, "[Console]::In.Read()"] };
  },
};

/** Calls with the bare interpreter at `command`; the files that it needs exist during the call. */
export async function withBare<T>(language: Language, command: string, use: (bare: Bare) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "dispatch-bench-bare-"));
  try {
    if (language === "java") {
      writeFileSync(join(folder, "Hello.java"), JAVA);
      execFileSync(join(dirname(command), "javac"), ["-d", folder, join(folder, "Hello.java")]);
    }
    return await use({ command, ...programs[language](folder) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds from start to end. */
export async function startTime({ command, nothing }: Bare): Promise<number> {
  const begun = performance.now();
  const [code] = await once(spawn(command, nothing, { stdio: "ignore" }), "exit");
  if (code !== 0) throw new Error(`${command} ${nothing.join(" ")} ended with ${code}`);
  return performance.now() - begun;
}

/** Private mebibytes of one that has started and waits. */
export async function memoryWaiting({ command, waiting }: Bare): Promise<number> {
  const child = spawn(command, waiting, { stdio: ["pipe", "ignore", "ignore"] });
  await once(child, "spawn");
  await sleep(SETTLED_MS);
  const memory = privateMebibytes(child.pid ?? 0);
  child.stdin.end();
  await once(child, "exit");
  return memory;
}
