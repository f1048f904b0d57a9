/** Runs invocations one at a time in the order of arrival. */
import { emptyFrame, FrameType, textFrame } from "../frames.ts";
import type { Channel } from "./channel.ts";
import { type Failure, failureOf } from "./failure.ts";
import type { Handler } from "./handler.ts";

interface Invocation {
  readonly number: number;
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
  /** Something outside of the handler's own call failed. Answers whether a run was there to be blamed. */
  fail(thrown: unknown): boolean;
}

export interface RunnerOptions {
  readonly channel: Channel;
  readonly handler: Handler;
  readonly mark: (invocation: number) => void;
  readonly folder: string;
  readonly maxOutputBytes: number;
}

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === "function";

const unserialisable = (reason: string): Failure => ({
  type: "FunctionError",
  message: `the result cannot be written as JSON: ${reason}`,
  stacktrace: [],
});

/** The JSON text of a result, or why there is none. */
const serialise = (value: unknown, maxOutputBytes: number): string | Failure => {
  if (value === undefined) return "null";
  try {
    const text = JSON.stringify(value);
    if (text === undefined) return unserialisable(`it is a ${typeof value}`);
    // A character is at most three bytes of UTF-8, so most texts need not be measured.
    if (text.length * 3 <= maxOutputBytes || Buffer.byteLength(text) <= maxOutputBytes) return text;
    return unserialisable(`it is longer than the limit of ${maxOutputBytes} bytes`);
  } catch (error) {
    return unserialisable(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
  }
};

export const createRunner = ({ channel, handler, mark, folder, maxOutputBytes }: RunnerOptions): Runner => {
  const queue: Invocation[] = [];
  let current: Invocation | undefined;

  const finish = (invocation: Invocation, outcome: string | Failure): void => {
    if (current !== invocation) return; // it has failed already, see fail
    current = undefined;
    mark(invocation.number);
    channel.send(
      typeof outcome === "string"
        ? textFrame(FrameType.result, invocation.number, outcome)
        : textFrame(FrameType.error, invocation.number, JSON.stringify(outcome)),
    );
    // The next one starts in the next turn, after frames that have arrived; until then this result may wait for it.
    if (queue.length > 0) setImmediate(startNext);
    else channel.flush();
  };

  const succeed = (invocation: Invocation, value: unknown): void => {
    finish(invocation, serialise(value, maxOutputBytes));
  };

  const enter = (invocation: Invocation): void => {
    try {
      const { context, payload } = JSON.parse(invocation.envelope) as Envelope;
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
    if (current !== undefined) return;
    const next = queue.shift();
    if (next !== undefined) {
      current = next;
      channel.send(emptyFrame(FrameType.started, next.number));
    }
    channel.flush();
    if (next !== undefined) enter(next);
  };

  return {
    invoke: (number, envelope) => {
      queue.push({ number, envelope });
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
    fail: (thrown) => {
      const running = current;
      if (running === undefined) return false;
      finish(running, { ...failureOf(thrown, folder), type: "FunctionError" });
      channel.flush();
      return true;
    },
  };
};
