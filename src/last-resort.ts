/**
 * What nobody foresaw and nobody caught. The state of the process is unknown then, so it ends: /healthz says so first, what
 * can be ended in order is, and the exit code is not zero, so that whoever watches over the server starts it again.
 */

import { OwnError } from "./core/shared/own-error.ts";

export interface LastResortPorts {
  readonly log: { fatal(details: object, message: string): void };
  /** From now on /healthz tells this problem. */
  failing(problem: string): void;
  stop(): Promise<void>;
}

/** As sysexits.h calls an internal error. */
const EX_SOFTWARE = 70;
const STOP_MS = 5000;
const MOST_PLACES = 8;

export function guardProcess(ports: LastResortPorts): void {
  let ending = false;
  const end = (error: unknown): void => {
    ports.log.fatal(placesOf(error), "an internal error ends the server");
    if (ending) return;
    ending = true;
    ports.failing("the server is ending after an internal error: its log says where");
    const exit = (): never => process.exit(EX_SOFTWARE);
    setTimeout(exit, STOP_MS).unref();
    ports.stop().then(exit, exit);
  };
  process.on("uncaughtException", end);
  process.on("unhandledRejection", end);
}

/** How deep the causes of an error are told. */
const MOST_CAUSES = 5;

/** An error as the log tells it: as `placesOf` does, with the message where that is a sentence of ours, and its causes. */
export function loggedError(error: unknown, left = MOST_CAUSES): object {
  const message = error instanceof OwnError ? { message: error.message } : {};
  const cause = error instanceof Error ? error.cause : undefined;
  const because = cause === undefined || left === 0 ? {} : { cause: loggedError(cause, left - 1) };
  return { ...message, ...placesOf(error), ...because };
}

/** Which error it was and where it was thrown. Its message stays out: it may quote anybody's values. */
export function placesOf(error: unknown): { name: string; code?: string; at: string[] } {
  if (!(error instanceof Error)) return { name: typeof error, at: [] };
  const lines = String(error.stack ?? "").split("\n");
  const at = lines.filter((line) => /^\s+at .*:\d+:\d+\)?$/.test(line)).map((line) => line.trim());
  const { code } = error as NodeJS.ErrnoException;
  return { name: error.name, ...(typeof code === "string" ? { code } : {}), at: at.slice(0, MOST_PLACES) };
}
