import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { emptyFrame, FrameType } from "../../../guest/frames.ts";
import type { SandboxExit, SandboxedProcess } from "./sandbox.ts";
import { createWorker } from "./worker.ts";

/** What it writes counts for less with time, so time stands still. */
beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const limits = { memory: 64, cpu: 1, pids: 10, disk: 10 } as const;

/** A worker whose guest is the test: it says what is written to these streams. */
async function workerOf(
  startMilliseconds = 30_000,
  isReady = (_asked: Promise<void>): Promise<void> => Promise.resolve(),
) {
  const [channel, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const exit = Promise.withResolvers<SandboxExit>();
  const asked = Promise.withResolvers<void>();
  const process: SandboxedProcess = {
    child: {} as ChildProcess,
    stdout,
    stderr,
    channel,
    temporaryFolder: "",
    exited: exit.promise,
    setLimits: () => undefined,
    memoryUsed: () => undefined,
    terminate: async () => {
      asked.resolve();
      await ready;
      await nextTurn(); // it is heard
      for (const stream of [channel, stdout, stderr]) stream.destroy();
      exit.resolve({ code: null, signal: "SIGKILL", memoryExceeded: false });
    },
  };
  const ready = isReady(asked.promise).then(() => void channel.write(emptyFrame(FrameType.ready, 0)));
  const worker = await createWorker({
    ...{ id: "w", process, limits, folder: "/function", modules: undefined, alone: true },
    ...{ maxLogBytes: 1000, maxOutputBytes: 1000, startMilliseconds, loadMilliseconds: 30_000 },
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  return { worker, stdout };
}

test.each([
  ["writes more than it may", 16, { flooding: true }],
  ["writes little", 1, {}],
])("the end of a worker that %s when its time is over says so", async (_, mebibytes, more) => {
  const { worker, stdout } = await workerOf();
  const heard = once(stdout, "data");
  stdout.write(Buffer.alloc(mebibytes * 1024 * 1024));
  await heard;
  await worker.stop("timeout");
  expect(await worker.exited).toEqual({ reason: "timeout", detail: "signal SIGKILL", ...more });
});

test("a worker that gets ready while it is ended for being late is none", async () => {
  await expect(workerOf(1, (asked) => asked)).rejects.toThrow(
    "the worker was not ready within 0.001 s, so it was ended",
  );
});
