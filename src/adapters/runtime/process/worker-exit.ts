/** Why a worker ended, and what that means for the run that it was busy with. */
import { constants } from "node:os";
import type { FunctionFailure, StopReason, WorkerExit } from "../../../core/shared/ports.ts";
import type { SandboxExit } from "./sandbox.ts";

const SIGNAL_BASE = 128; // how shells and bubblewrap tell a signal in an exit code

const signalName = (number: number): string | undefined =>
  Object.entries(constants.signals).find(([, value]) => value === number)?.[0];

/** `exit code 3` or `signal SIGSEGV`. */
const describeEnd = ({ code, signal }: SandboxExit): string => {
  const name = signal ?? (code !== null && code > SIGNAL_BASE ? signalName(code - SIGNAL_BASE) : undefined);
  return name === undefined ? `exit code ${code}` : `signal ${name}`;
};

const wasKilled = ({ code, signal }: SandboxExit): boolean =>
  signal === "SIGKILL" || code === SIGNAL_BASE + constants.signals.SIGKILL;

/** A stop on purpose wins, and a broken protocol is told in words; a kill by the kernel because memory ran out is told from other ends. */
export const workerExit = (exit: SandboxExit, stopped: StopReason | undefined, violation?: string): WorkerExit => {
  const detail = describeEnd(exit);
  if (stopped === "protocol") return { reason: stopped, detail: violation ?? "did not take up its next run" };
  if (stopped !== undefined) return { reason: stopped, detail };
  return { reason: exit.memoryExceeded && wasKilled(exit) ? "memory" : "exited", detail };
};

const system = (message: string): FunctionFailure => ({ type: "SystemError", message, stacktrace: null });
const fault = (message: string): FunctionFailure => ({ type: "FunctionError", message, stacktrace: null });

const ENDED = "the worker was ended by the server while the function ran";

/** The error of a run whose worker ended under it. @param memory the limit in mebibytes. */
export const failureOfExit = ({ reason, detail }: WorkerExit, memory: number): FunctionFailure => {
  switch (reason) {
    case "timeout":
      return { ...fault("Function execution exceeded the timeout"), timedOut: true };
    case "memory":
      return fault(`the function exceeded its memory limit of ${memory} MB`);
    case "exited":
      return fault(`the function ended its process (${detail})`);
    case "protocol":
      return system(`the worker was ended because it ${detail}`);
    case "cancelled":
      return system("the run was cancelled");
    case "shutdown":
      return { ...system(ENDED), interrupted: true };
    default:
      return system(ENDED);
  }
};
