/** Podman's service of the tests' own: it answers the calls of Docker's engine. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Engine } from "../../src/adapters/docker/engine.ts";
import { findDockerObstacle } from "./docker.ts";

const START_MS = 60_000;
const TRY_MS = 100;

const PROGRAMS = {
  "/usr/bin/podman": "podman",
  "/usr/lib/podman/netavark": "netavark",
  "/usr/bin/unshare": "util-linux",
  "/usr/bin/setpriv": "util-linux",
};

/** Why Podman cannot be tried here; undefined when it can. */
export const findPodmanObstacle = (): string | undefined => {
  for (const [program, debian] of Object.entries(PROGRAMS))
    if (!existsSync(program)) return `${program} is not installed (apt-get install ${debian})`;
  // It needs the same as Docker: the right to mount, a disk of its own, and the packet filter.
  return findDockerObstacle();
};

export interface TestPodman {
  readonly engine: Engine;
  close(): Promise<void>;
}

const answering = async (engine: Engine, child: ChildProcess, complaint: () => string): Promise<void> => {
  const end = performance.now() + START_MS;
  while (!(await engine.version().catch(() => undefined))) {
    if (child.exitCode !== null || performance.now() > end) throw new Error(`podman did not start: ${complaint()}`);
    await new Promise((resolve) => setTimeout(resolve, TRY_MS));
  }
};

const served = async (command: readonly string[], socket: string, env: NodeJS.ProcessEnv): Promise<TestPodman> => {
  const [program = "", ...args] = [...command, "system", "service", "--time=0", `unix://${socket}`];
  // A group of its own: without root the service is a child of the program that was started.
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], env, detached: true });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-4000);
  });
  const engine = new Engine(socket);
  const close = async (): Promise<void> => {
    await engine.close();
    const ended = child.exitCode === null ? once(child, "exit") : undefined;
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid);
    await ended;
  };
  try {
    await answering(engine, child, () => complaint);
  } catch (error) {
    await close();
    throw error;
  }
  return { engine, close };
};

/** Starts the service as root. It keeps everything in the folder; `data` in it lies on btrfs. @throws Error with Podman's words. */
export const startPodman = (folder: string): Promise<TestPodman> => {
  const configuration = join(folder, "containers.conf");
  writeFileSync(configuration, '[network]\nnetwork_backend = "netavark"\n[engine]\nevents_logger = "none"\n');
  const places = ["--root", join(folder, "data"), "--runroot", join(folder, "run"), "--tmpdir", join(folder, "tmp")];
  const how = ["--storage-driver", "btrfs", "--cgroup-manager", "cgroupfs"];
  const command = ["podman", ...places, ...how, "--network-config-dir", join(folder, "networks")];
  return served(command, join(folder, "podman.sock"), { ...process.env, CONTAINERS_CONF: configuration });
};

const NOBODY = 65_534;

/** Starts the service as a user without rights, to whom the folder belongs. */
export const startRootlessPodman = async (folder: string): Promise<TestPodman> => {
  const command = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "podman"];
  const env = { HOME: folder, XDG_RUNTIME_DIR: folder, PATH: "/usr/sbin:/usr/bin:/bin" };
  const podman = await served(command, join(folder, "podman.sock"), env);
  const close = async (): Promise<void> => {
    await podman.close();
    // The process that holds its user's namespace would stay.
    const number = readFileSync(join(folder, "libpod/tmp/pause.pid"), "utf8");
    process.kill(Number(number), "SIGKILL");
  };
  return { ...podman, close };
};
