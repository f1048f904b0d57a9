import type { Operation } from "../../core/shared/contract.ts";
import type { DispatchError } from "../../core/shared/errors.ts";
import type { Principal } from "../../core/shared/principal.ts";

/** What a handler gets: everything about the request that has passed its checks. */
export interface Call {
  readonly principal: Principal;
  readonly organization: string;
  readonly path: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  /** The body as it was sent. */
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Whether the caller has hung up. */
  gone(): boolean;
}

/** The type of answers that go on: their parts are sent as they are. */
export const EVENT_STREAM = "text/event-stream";

/** `body` is an object to be sent as JSON, a JSON text as it is, or such a text in parts that are made as they are sent. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export type Handler = (call: Call) => Answer | Promise<Answer>;

/** An operation with the function that performs it. */
export interface Route {
  readonly operation: Operation;
  readonly handle: Handler;
  /** A request was answered with this error, perhaps before it came to `handle`. */
  readonly failed?: (query: Readonly<Record<string, unknown>>, error: DispatchError) => void;
}

/** No proxy may keep the lines back. */
export function eventStream(body: AsyncIterable<string>): Answer {
  return { body, headers: { "content-type": EVENT_STREAM, "cache-control": "no-cache", "x-accel-buffering": "no" } };
}
