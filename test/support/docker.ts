/** A Docker engine of the tests' own, with base images made of this machine's interpreters: nothing is pulled. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine } from "../../src/adapters/docker/engine.ts";
import { baseImage, buildBase, buildBases, buildProgram, type ProgramImage } from "./docker-bases.ts";

const START_MS = 180_000;

/** Why no engine can be started here; undefined when it can. */
export const findDockerObstacle = (): string | undefined => {
  if (process.getuid?.() !== 0) return "a Docker engine of the tests' own needs root";
  const programs = {
    dockerd: "docker.io",
    containerd: "containerd",
    runc: "runc",
    nft: "nftables",
    "mkfs.btrfs": "btrfs-progs",
  };
  for (const [program, debian] of Object.entries(programs))
    if (!existsSync(`/usr/sbin/${program}`) && !existsSync(`/usr/bin/${program}`))
      return `${program} is not installed (apt-get install ${debian})`;
  if (!existsSync("/dev/loop-control")) return "this machine has no loop devices, on which the engine's own disk lies";
  return undefined;
};

export interface TestDocker {
  readonly socket: string;
  readonly engine: Engine;
  /** The names of the base images. */
  readonly bases: Readonly<Record<"nodejs" | "python3", string>>;
  /** Makes a further one, which takes some seconds. */
  provide(language: "java" | "powershell"): Promise<void>;
  /** An image with a program of its own. */
  build(program: ProgramImage): Promise<void>;
  /** The engine dies, without a chance to end its containers. */
  kill(): Promise<void>;
  /** It is there again, at the same socket, with what it had. */
  resume(): Promise<void>;
  close(): Promise<void>;
}

/** The size of the disk's file. It is sparse: it takes only the room of what is written. */
const DISK_BYTES = 12 * 1024 ** 3;

/**
 * A disk of the engine's own, for its driver btrfs. With overlay2 Debian's engine loses files of builds on newer kernels
 * (docs/guides/docker.md, "An engine that loses files").
 */
export const mountDisk = (folder: string): void => {
  const image = join(folder, "disk");
  const data = join(folder, "data");
  mkdirSync(data);
  writeFileSync(image, "");
  truncateSync(image, DISK_BYTES);
  execFileSync("mkfs.btrfs", ["--quiet", image], { stdio: ["ignore", "pipe", "pipe"] });
  // What it keeps need not outlive the machine: no write waits for the disk.
  execFileSync("mount", ["-o", "loop,noatime,nobarrier,commit=300", image, data]);
};

const startEngine = async (
  folder: string,
  socket: string,
  pool: string,
): Promise<{ readonly engine: Engine; readonly child: ChildProcess }> => {
  const places = [
    ...["--storage-driver", "btrfs"],
    "--data-root",
    join(folder, "data"),
    "--exec-root",
    join(folder, "exec"),
    "--pidfile",
    join(folder, "pid"),
  ];
  // Nothing of the machine's own network changes, and engines that run at once do not meet.
  const network = ["--iptables=false", "--ip6tables=false", "--ip-masq=false", "--bridge=none"];
  const args = [...places, ...network, "--default-address-pool", pool, "--host", `unix://${socket}`];
  const child = spawn("dockerd", args, { stdio: ["ignore", "ignore", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-4000);
  });
  const engine = new Engine(socket);
  const end = performance.now() + START_MS;
  for (;;) {
    if (await engine.version().catch(() => undefined)) return { engine, child };
    if (child.exitCode !== null || performance.now() > end) {
      child.kill();
      throw new Error(`dockerd did not start: ${complaint}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

/** A killed engine may leave it behind, or its number: an engine that starts then waits for it in vain. */
const endContainerd = async (folder: string): Promise<void> => {
  const file = join(folder, "exec/containerd/containerd.pid");
  const pid = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  const isAlive = (): boolean => {
    const stat = `/proc/${pid}/stat`;
    return pid > 0 && existsSync(stat) && !/\) [ZX] /.test(readFileSync(stat, "utf8"));
  };
  while (isAlive()) {
    process.kill(pid, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  rmSync(file, { force: true });
};

export const removeFolder = (folder: string): void => {
  execFileSync("umount", ["--lazy", join(folder, "data")]);
  rmSync(folder, { recursive: true, force: true });
};

/** With base images for Node.js and Python. @throws Error with the engine's own words when it does not start. */
export const startDocker = async (): Promise<TestDocker> => {
  const folder = mkdtempSync(join(tmpdir(), "dispatch-dockerd-"));
  mountDisk(folder);
  const socket = join(folder, "docker.sock");
  const pool = `base=10.${randomInt(64, 250)}.0.0/16,size=24`;
  const started = await startEngine(folder, socket, pool).catch((error: unknown) => {
    removeFolder(folder);
    throw error;
  });
  const { engine } = started;
  let { child } = started;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (isDead()) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  };
  const kill = async (): Promise<void> => {
    await end("SIGKILL");
    await endContainerd(folder);
  };
  const resume = async (): Promise<void> => {
    await kill();
    const again = await startEngine(folder, socket, pool);
    await again.engine.close();
    child = again.child;
  };
  const isDead = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const close = async (): Promise<void> => {
    await engine.close();
    // Its containers outlived it, and nobody else ends them.
    if (isDead()) await resume();
    await end("SIGTERM");
    removeFolder(folder);
  };
  try {
    const context = join(folder, "context");
    await buildBases(engine, context, ["nodejs", "python3"]);
    const bases = { nodejs: baseImage("nodejs"), python3: baseImage("python3") };
    const provide: TestDocker["provide"] = (language) => buildBase(engine, context, language);
    const build: TestDocker["build"] = (program) => buildProgram(engine, context, program);
    return { socket, engine, bases, provide, build, kill, resume, close };
  } catch (error) {
    await close();
    throw error;
  }
};
