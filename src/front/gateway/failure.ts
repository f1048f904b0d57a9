/** Answers for requests that ended in an exception. */
import { DispatchError } from "../../core/shared/errors.ts";
import { type Answer, jsonAnswer, Refusal, refusalAnswer } from "./answer.ts";
import type { GatewayLog } from "./ports.ts";

/** What the core refused keeps its status and words; an unexpected error is logged, and the caller learns no details. */
export function failureAnswer(error: unknown, log: GatewayLog): Answer {
  if (error instanceof Refusal) return refusalAnswer(error);
  if (error instanceof DispatchError) return dispatchErrorAnswer(error);
  log.error({ err: error }, "gateway: a request failed unexpectedly");
  return jsonAnswer(500, { code: 500, message: "internal error: the server's log has the details" });
}

function dispatchErrorAnswer({ status, message, retryAfter }: DispatchError): Answer {
  // Clients of old read `message` alone from refusals; overload and trouble of the server carry the code as runs do.
  if (status < 500 && status !== 429) return jsonAnswer(status, { message });
  const headers: Record<string, string> =
    retryAfter === undefined ? {} : { "Retry-After": String(Math.ceil(retryAfter)) };
  return jsonAnswer(status, { code: status, message }, headers);
}
