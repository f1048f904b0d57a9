/** A real NATS server, Debian's own, on a port of the loopback and with a folder of its own. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePorts } from "../../apps/cloudmaster/simulator/listener.ts";

/** Undefined where it is not installed. */
export function natsProgram(): string | undefined {
  const paths = (process.env.PATH ?? "").split(":").concat("/usr/sbin");
  return paths
    .map((folder) => join(folder, "nats-server"))
    .find((program) => spawnSync(program, ["--version"]).status === 0);
}

/** What a skipped test says. */
export const NO_NATS = "nats-server is not installed: sudo apt-get install nats-server";

export const NATS_USER = { username: "dispatch", password: "n4ts-p4ssword" };

export class NatsServer {
  readonly port: number;
  readonly #program: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "dispatch-nats-"));
  #child: ChildProcess | undefined;

  private constructor(program: string, port: number) {
    this.#program = program;
    this.port = port;
  }

  static async create(program: string, flags: readonly string[] = []): Promise<NatsServer> {
    const [port = 0] = await freePorts(1);
    const server = new NatsServer(program, port);
    await server.start(flags);
    return server;
  }

  /** With JetStream; what its streams keep outlives it. With a configuration file (`-c`) only what that says. */
  async start(flags: readonly string[] = []): Promise<void> {
    const { username, password } = NATS_USER;
    // With a configuration file the file says who is let in.
    const user = flags.includes("-c") ? [] : ["--user", username, "--pass", password, "-js", "-sd", this.#folder];
    const address = ["-a", "127.0.0.1", "-p", String(this.port)];
    const child = spawn(this.#program, [...address, ...user, ...flags], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child = child;
    const lines = createInterface({ input: child.stderr });
    await new Promise<void>((resolve, reject) => {
      lines.on("line", (line) => {
        if (line.includes("Server is ready")) resolve();
      });
      child.once("exit", (code) => reject(new Error(`nats-server ended with ${code}`)));
    });
  }

  /** As a crash would end it. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
