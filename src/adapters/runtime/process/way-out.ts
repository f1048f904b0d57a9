/** The way out of a network: slirp4netns, replaced in the same place when it ends, so that nobody inside has to move. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Log } from "./log.ts";
import { PROGRAM_PATH } from "./programs.ts";

export interface WayOut {
  /** Ends it for good. */
  close(): Promise<void>;
}

interface Process {
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** Milliseconds before one takes the place of another; twice as long each time that it does not last. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 10_000;
const LASTS = 60_000;

/** Ends with the server: its exit descriptor is a pipe of which the server holds the other end. */
const start = async (pid: number): Promise<Process> => {
  const options = ["--configure", "--mtu=65520", "--disable-host-loopback", "--enable-sandbox", "--enable-seccomp"];
  const child = spawn("slirp4netns", [...options, "--exit-fd=3", "--ready-fd=4", String(pid), "tap0"], {
    cwd: "/",
    env: { PATH: PROGRAM_PATH },
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
  });
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2000);
  });
  for (const stream of child.stdio) stream?.on("error", () => undefined);
  const ended = once(child, "close").then(() => undefined);
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.stdio[4]?.once("data", () => resolve());
    void ended.then(
      () => reject(new Error(`slirp4netns: ${complaint.trim()}`)),
      () => undefined, // the "error" listener has rejected already
    );
  });
  return {
    ended,
    close: () => {
      child.kill("SIGKILL");
      return ended;
    },
  };
};

class KeptWayOut implements WayOut {
  readonly #pid: number;
  readonly #log: Log;
  readonly #organization: string;
  #process: Process;
  #since = performance.now();
  #pause = FIRST_PAUSE;
  #closed = false;

  constructor(pid: number, organization: string, log: Log, first: Process) {
    this.#pid = pid;
    this.#organization = organization;
    this.#log = log;
    this.#process = first;
    this.#follow();
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#process.close();
  }

  #follow(): void {
    void this.#process.ended.then(() => this.#ended());
  }

  #ended(): void {
    if (this.#closed) return;
    this.#log.error(
      { organization: this.#organization },
      "the way out of the functions' network ended unexpectedly; another takes its place",
    );
    if (performance.now() - this.#since > LASTS) this.#pause = FIRST_PAUSE;
    this.#later();
  }

  #later(): void {
    setTimeout(() => void this.#replace(), this.#pause).unref();
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }

  async #replace(): Promise<void> {
    if (this.#closed) return;
    try {
      this.#process = await start(this.#pid);
    } catch (error) {
      this.#log.error({ organization: this.#organization, err: error }, "the functions' network has no way out");
      this.#later();
      return;
    }
    this.#since = performance.now();
    if (this.#closed) await this.#process.close();
    else this.#follow();
  }
}

/** Opens the way out of the network that this process is in. @throws Error with the complaint of slirp4netns. */
export const openWayOut = async (pid: number, organization: string, log: Log): Promise<WayOut> =>
  new KeptWayOut(pid, organization, log, await start(pid));
