/** What a function does after its run has ended: it is told to the server apart from runs (../PROTOCOL.md). */
import { AsyncLocalStorage } from "node:async_hooks";
import { FrameType, textFrame } from "../frames.ts";
import type { Channel } from "./channel.ts";

/** The run that timers, promises and listeners were started by: they remember it. */
export interface RunMark {
  readonly number: number;
  ended: boolean;
}

const runs = new AsyncLocalStorage<RunMark>();

const LONGEST_TEXT = 16_384;

/** What is started from now on in this turn belongs to the run. Nothing is put back afterwards, which would cost as much again: the next run sets its own. */
export const enterRun = (run: RunMark): void => runs.enterWith(run);

/** What is done there, and what starts there, belongs to no run, whichever is entered meanwhile. */
export const outsideOfRuns = <T>(act: () => T): T => runs.run(undefined as unknown as RunMark, act);

/** The run that started what happens now; undefined for what was started while the function was loaded. */
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
