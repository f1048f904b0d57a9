/**
 * A holder is a tiny process that keeps a namespace alive. It ends when its standard input ends, so a namespace never
 * outlives the server, not even after kill -9.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { PROGRAM_PATH } from "./programs.ts";

export interface Holder {
  /** The process whose /proc/<pid>/ns entries name the namespaces. */
  readonly pid: number;
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

const closed = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
};

/**
 * Starts a holder in fresh namespaces.
 * @param unshare options of unshare(1) that say which.
 * @param setup shell commands that run inside before the holder counts as ready.
 * @throws Error with what the commands wrote when one of them failed.
 */
export const startHolder = async (unshare: readonly string[], setup: string): Promise<Holder> => {
  const child = spawn("unshare", [...unshare, "/bin/sh", "-e", "-c", `${setup}\necho ready\nexec cat >/dev/null`], {
    cwd: "/",
    env: { PATH: PROGRAM_PATH },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.stdout.once("data", () => resolve());
    child.once("close", () => reject(new Error(complaint.trim() || "the namespace could not be made")));
  });
  if (child.pid === undefined) throw new Error("the namespace could not be made");
  const ended = closed(child);
  return {
    pid: child.pid,
    ended,
    close: () => {
      child.kill("SIGKILL");
      return ended;
    },
  };
};
