/** Runs invocations one at a time in the order of arrival. */
import { emptyFrame, FrameType, textFrame } from "../frames.ts";
import type { Channel } from "./channel.ts";
import type { Handler } from "./exports.ts";
import { attempt, type Failure, failureOf, traceOf } from "./failure.ts";
import { enterRun, type RunMark, runOfNow, tellLate } from "./late.ts";
import type { Leftovers } from "./leftovers.ts";
import type { Outputs } from "./own-outputs.ts";
import { serialise } from "./result.ts";
import { titleSetter } from "./title.ts";

interface Invocation extends RunMark {
  readonly envelope: string;
}

interface Envelope {
  readonly context: unknown;
  readonly payload: unknown;
}

export interface Runner {
  invoke(number: number, envelope: string): void;
  cancel(number: number): void;
  /** Starts what waits; called once the frames that arrived together have been heard, for a cancel may be among them. */
  wake(): void;
  /** Says whether a run is going on. */
  probe(): void;
  /** Something outside of the handler's own call failed, after which nobody knows what state the process is in: it ends. */
  fail(thrown: unknown): void;
}

/** What was loaded: the function of all runs. */
export interface Loaded {
  readonly handler: Handler;
  readonly folder: string;
  readonly maxOutputBytes: number;
}

/** What stands around it: who is told of its runs, and what is looked after when one ends. */
export interface Surroundings {
  readonly channel: Channel;
  readonly mark: (invocation: number) => void;
  readonly leftovers: Leftovers | undefined;
  readonly outputs: Outputs;
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === "function";

export const createRunner = (loaded: Loaded, { channel, mark, leftovers, outputs }: Surroundings): Runner => {
  const { handler, folder, maxOutputBytes } = loaded;
  const addSetTitle = titleSetter(channel);
  const queue: Invocation[] = [];
  let current: Invocation | undefined;
  /** The exit code with which the worker ends after the run that is going on: an earlier run failed late, or this one closed the outputs. */
  let doom: 0 | 1 | undefined;

  const finish = (invocation: Invocation, outcome: string | Failure): void => {
    if (current !== invocation) return; // it has failed already, see fail
    const line = leftovers?.end();
    if (line !== undefined) attempt(() => process.stderr.write(`${line}\n`));
    current = undefined;
    invocation.ended = true;
    mark(invocation.number);
    channel.send(
      typeof outcome === "string"
        ? textFrame(FrameType.result, invocation.number, outcome)
        : textFrame(FrameType.error, invocation.number, JSON.stringify(outcome)),
    );
    const loss = outputs.loss();
    if (loss !== undefined) {
      tellLate(channel, invocation.number, "error", loss);
      doom ??= 0;
    }
    // The next one starts in the next turn, after frames that have arrived; until then this result may wait for it.
    if (queue.length > 0 && doom === undefined) setImmediate(startNext);
    else channel.flush();
    if (doom !== undefined) leave(doom);
  };

  /** The process ends only when all that was said of the last run has left it. */
  const leave = (code: 0 | 1): void => channel.whenWritten(() => process.exit(code));

  const succeed = (invocation: Invocation, value: unknown): void => {
    finish(invocation, serialise(value, maxOutputBytes));
  };

  const enter = (invocation: Invocation): void => {
    try {
      const { context, payload } = JSON.parse(invocation.envelope) as Envelope;
      addSetTitle(context);
      const value = handler(context, payload);
      if (isPromise(value)) {
        value.then(
          (result) => succeed(invocation, result),
          (error: unknown) => finish(invocation, failureOf(error, folder)),
        );
      } else succeed(invocation, value);
    } catch (error) {
      finish(invocation, failureOf(error, folder));
    }
  };

  const startNext = (): void => {
    if (current !== undefined || doom !== undefined) return;
    const next = queue.shift();
    if (next !== undefined) {
      current = next;
      channel.send(emptyFrame(FrameType.started, next.number));
    }
    channel.flush();
    if (next === undefined) return;
    enterRun(next);
    enter(next);
  };

  return {
    invoke: (number, envelope) => {
      queue.push({ number, envelope, ended: false });
    },
    cancel: (number) => {
      const at = queue.findIndex((invocation) => invocation.number === number);
      if (at < 0) return;
      queue.splice(at, 1);
      channel.send(emptyFrame(FrameType.cancelled, number));
      channel.flush();
    },
    wake: () => {
      if (queue.length > 0) startNext();
    },
    probe: () => {
      channel.send(emptyFrame(FrameType.idle, current?.number ?? 0));
      channel.flush();
    },
    fail: (thrown) => {
      const run = runOfNow();
      const running = current;
      if (running !== undefined && (run === undefined || run === running)) {
        finish(running, { ...failureOf(thrown, folder), type: "FunctionError" });
        channel.flush();
        process.exit(1);
      }
      tellLate(channel, run?.number ?? 0, "error", traceOf(thrown, folder).join("\n"));
      if (running === undefined) process.exit(1);
      doom = 1;
    },
  };
};
