import { OwnError } from "../../core/shared/own-error.ts";

/** The engine refused a call, or does not answer. The message is the engine's own sentence. */
export class EngineError extends OwnError {
  override name = "EngineError";
  /** The status of the answer; 0 when there was none. */
  readonly status: number;

  constructor(status: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

const isGoing = ({ status, message }: EngineError): boolean =>
  status === 409 && message.includes("already in progress");

/** What is not there need not be removed, stopped or awaited, nor what somebody else is removing. */
export const unlessGone = <Value>(asked: Promise<Value>): Promise<Value | undefined> =>
  asked.catch((error: unknown) => {
    if (error instanceof EngineError && (error.status === 404 || isGoing(error))) return undefined;
    throw error;
  });
