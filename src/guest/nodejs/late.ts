/** What a function does after its run has ended: it is told to the server apart from runs (../PROTOCOL.md). */
import { AsyncLocalStorage } from "node:async_hooks";
import { FrameType, textFrame } from "../frames.ts";
import type { Channel } from "./channel.ts";

/** A run, as timers, promises and listeners remember it that it started. */
export interface RunMark {
  readonly number: number;
  ended: boolean;
}

const runs = new AsyncLocalStorage<RunMark>();

const LONGEST_TEXT = 16_384;

/** What is started from now on in this turn is the run's. The next run says so again, so nothing is put back, which costs as much. */
export const enterRun = (run: RunMark): void => runs.enterWith(run);

/** The run that what happens now was started by; undefined for what was started while the function was loaded. */
export const runOfNow = (): RunMark | undefined => runs.getStore();

/** Tells the server what an ended run has written or met; number 0 stands for none. */
export const tellLate = (
  channel: Channel,
  number: number,
  stream: "stdout" | "stderr" | "error",
  text: string,
): void => {
  channel.send(textFrame(FrameType.late, number, JSON.stringify({ stream, text: text.slice(0, LONGEST_TEXT) })));
  channel.flush();
};
