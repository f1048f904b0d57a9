/**
 * What a command writes to its stdout and stderr comes through FIFOs. Node.js itself would make sockets, and nobody can open a
 * socket again by its name: `echo warning > /dev/stderr` would fail in every script. A pipe of root's has the mode 0600, so
 * that the sandbox's user could not open it again either; a FIFO has the mode that it is given.
 *
 * One mkfifo(1) makes several at a time, ahead of need. The server opens both ends of each at once and removes its name.
 */
import type { ChildProcess } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { messageOf } from "../../../core/shared/message-of.ts";
import type { Log } from "./log.ts";
import { runProgram } from "./programs.ts";

/** A started command, and what it writes. */
export interface Started {
  readonly child: ChildProcess;
  readonly stdout: Socket;
  readonly stderr: Socket;
}

type Writable = number | "pipe";

/** The two outputs of one command. */
export interface Outputs {
  /** Starts it with its stdout and stderr. Whatever comes of that, their other ends do not stay with the server. */
  start(spawn: (stdout: Writable, stderr: Writable) => ChildProcess): Started;
  /** Nothing is to be started with them. */
  discard(): void;
}

export interface OutputPipes {
  take(): Promise<Outputs>;
  close(): Promise<void>;
}

interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

/** So many commands can start before more are made. */
const BATCH = 16;

/** Everybody may write, nobody but the server may read. */
const MODE = "0622";

const closePipe = ({ readEnd, writeEnd }: Pipe): void => {
  closeSync(readEnd);
  closeSync(writeEnd);
};

/** Opens both ends. Neither waits: the one for reading does not, and then there is a reader. */
const openPipe = (path: string): Pipe => {
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return { readEnd, writeEnd: openSync(path, constants.O_WRONLY) };
  } catch (error) {
    closeSync(readEnd);
    throw error;
  }
};

/** All or none. */
const openPipes = (paths: readonly string[]): Pipe[] => {
  const pipes: Pipe[] = [];
  try {
    for (const path of paths) pipes.push(openPipe(path));
    return pipes;
  } catch (error) {
    pipes.forEach(closePipe);
    throw error;
  }
};

/** Errors of a stream show as the end of the command. */
const quiet = (stream: Socket): Socket => stream.on("error", () => undefined);

/** Read by the event loop itself, as the streams that Node.js makes. */
const streamOf = ({ readEnd }: Pipe): Socket => quiet(new Socket({ fd: readEnd, readable: true, writable: false }));

const outputsOf = (stdout: Pipe, stderr: Pipe): Outputs => ({
  start: (spawn) => {
    try {
      const child = spawn(stdout.writeEnd, stderr.writeEnd);
      return { child, stdout: streamOf(stdout), stderr: streamOf(stderr) };
    } catch (error) {
      closeSync(stdout.readEnd);
      closeSync(stderr.readEnd);
      throw error;
    } finally {
      closeSync(stdout.writeEnd);
      closeSync(stderr.writeEnd);
    }
  },
  discard: () => [stdout, stderr].forEach(closePipe),
});

/** Those of Node.js, when no FIFO can be made. */
const sockets: Outputs = {
  start: (spawn) => {
    const child = spawn("pipe", "pipe");
    return { child, stdout: quiet(child.stdout as Socket), stderr: quiet(child.stderr as Socket) };
  },
  discard: () => undefined,
};

/** Makes a batch in a fresh folder. @throws Error when the folder's file system has no room, or no FIFOs. */
const makeBatch = async (folder: string): Promise<Outputs[]> => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  const paths = Array.from({ length: 2 * BATCH }, (_, index) => join(folder, String(index)));
  await runProgram("mkfifo", ["-m", MODE, ...paths]);
  const pipes = openPipes(paths);
  rmSync(folder, { recursive: true, force: true });
  return Array.from({ length: BATCH }, (_, at) => outputsOf(pipes[2 * at] as Pipe, pipes[2 * at + 1] as Pipe));
};

const INSTEAD = "functions cannot open /dev/stdout and /dev/stderr by name: no pipes could be made";

/** The pipes of a sandbox. The first are made at once. @param stateDir a folder of the server's own, 0700. */
export const openOutputPipes = (stateDir: string, log: Log): OutputPipes => {
  const folder = join(stateDir, "pipes");
  let ready: Outputs[] = [];
  let making: Promise<void> | undefined;
  let isClosed = false;

  const discard = (): void => {
    for (const outputs of ready) outputs.discard();
    ready = [];
  };
  const make = async (): Promise<void> => {
    const batch = await makeBatch(folder).catch((error: unknown) => {
      log.warn({ reason: messageOf(error) }, INSTEAD);
      return Array<Outputs>(BATCH).fill(sockets);
    });
    ready.push(...batch);
    making = undefined;
    if (isClosed) discard();
  };
  const more = (): Promise<void> => {
    making ??= make();
    return making;
  };
  void more();

  return {
    take: async () => {
      while (ready.length === 0 && !isClosed) await more();
      const outputs = ready.pop();
      if (ready.length < BATCH / 2 && !isClosed) void more();
      return outputs ?? sockets;
    },
    close: async () => {
      isClosed = true;
      discard();
      await making;
    },
  };
};
