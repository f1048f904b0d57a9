/** No sandbox: plain child processes in a folder of their own, for machines that cannot do better. */
import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { COPY_OUTPUTS } from "./chain.ts";
import { exitOf, GRACE_MILLISECONDS, signalQuietly } from "./child-end.ts";
import { ownUser } from "./host-users.ts";
import type { Log } from "./log.ts";
import { allClosed, closePipes } from "./nothing-left.ts";
import { type OutputPipes, openOutputPipes, type Started } from "./output-pipes.ts";
import { PROGRAM_PATH } from "./programs.ts";
import type { Sandbox, SandboxCommand, SandboxedProcess } from "./sandbox.ts";
import { terminate } from "./terminate.ts";

const followPlain = (started: Started, temporaryFolder: string): SandboxedProcess => {
  const { child } = started;
  const killGroup = (signal: NodeJS.Signals): void => {
    if (child.pid !== undefined) signalQuietly(-child.pid, signal);
  };
  const closed = allClosed(started);
  const exited = exitOf(child).then(async (exit) => {
    killGroup("SIGKILL"); // what it left behind
    void closePipes(started, closed);
    await rm(temporaryFolder, { recursive: true, force: true });
    return { ...exit, memoryExceeded: false };
  });
  for (const stream of child.stdio) stream?.on("error", () => undefined);
  return {
    ...started,
    channel: (child.stdio[3] ?? undefined) as Duplex | undefined,
    temporaryFolder,
    exited,
    setLimits: () => undefined,
    memoryUsed: () => undefined,
    terminate: (graceMilliseconds = GRACE_MILLISECONDS) =>
      terminate({
        ask: () => killGroup("SIGTERM"),
        force: () => killGroup("SIGKILL"),
        ended: exited,
        graceMilliseconds,
      }),
  };
};

const wordsOf = ({ channel, command, args }: SandboxCommand): [string, ...string[]] =>
  channel === true
    ? ["/bin/sh", "-c", `unset PWD; ${COPY_OUTPUTS}; exec "$@"`, "sh", command, ...args]
    : [command, ...args];

const plainSandbox = (folders: string, pipes: OutputPipes): Sandbox => ({
  mode: "none",
  fixedLimits: [],
  limits: { memory: "not limited", cpu: "not limited", pids: "not limited", disk: "not limited", seccomp: "none" },
  warnings: ["functions run without a sandbox (--sandbox none): they can read and change whatever the server can"],
  pathOf: ({ source }) => source,
  spawn: async (command) => {
    const folder = await mkdtemp(join(folders, "run-"));
    const environment = { PATH: process.env.PATH ?? PROGRAM_PATH, HOME: folder, TMPDIR: folder, LANG: "C.UTF-8" };
    const [program, ...args] = wordsOf(command);
    const third = command.inherited ?? (command.channel === true ? "pipe" : "ignore");
    const outputs = await pipes.take();
    const started = outputs.start((...own) =>
      spawn(program, args, {
        cwd: command.directory ?? folder,
        env: { ...environment, ...command.environment },
        stdio: ["ignore", ...own, third],
        detached: true,
      }),
    );
    return followPlain(started, folder);
  },
  installer: () => ownUser.claim("installer"),
  neighbour: async () => undefined,
  close: () => pipes.close(),
});

/** The sandbox that is none. Folders that a server that died left in `stateDir` are removed. */
export const createPlainSandbox = (stateDir: string, log: Log): Sandbox => {
  const folders = join(stateDir, "plain");
  rmSync(folders, { recursive: true, force: true });
  mkdirSync(folders, { mode: 0o700 });
  return plainSandbox(folders, openOutputPipes(stateDir, log));
};
