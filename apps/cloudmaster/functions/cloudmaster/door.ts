/** The function door: how a function runs another one (decisions 16). */
import type { DoorAddress } from "../shared/context.ts";

export interface RunRequest {
  readonly functionName: string;
  readonly input: unknown;
  readonly secrets?: readonly string[];
  /** The same key gets the same run within 24 hours (decisions 18c). */
  readonly idempotencyKey?: string;
  readonly timeoutMs: number;
}

/** The part of a finished run that is read here. */
export interface FinishedRun {
  readonly status: string;
  readonly output?: unknown;
  readonly error?: { readonly type?: string; readonly message?: string };
}

/** The door did not take the run. `status` is the HTTP status; 0 when there was no answer at all. */
export class DoorError extends Error {
  override name = "DoorError";
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** Runs a function and waits for its end. @throws DoorError when the run was not taken. */
export async function runAndWait(door: DoorAddress, request: RunRequest): Promise<FinishedRun> {
  const answer: unknown = await (await call(door, request, true)).json();
  if (!isFinishedRun(answer))
    throw new DoorError(0, `Dispatch answered something that is no run of ${request.functionName}`);
  return answer;
}

/** Starts a function and returns when the run is safely stored. @throws DoorError when the run was not taken. */
export async function start(door: DoorAddress, request: RunRequest): Promise<void> {
  const response = await call(door, request, false);
  await response.body?.cancel();
}

async function call(door: DoorAddress, request: RunRequest, blocking: boolean): Promise<Response> {
  const response = await send(door, request, blocking);
  if (!response.ok) throw new DoorError(response.status, await errorMessage(response));
  return response;
}

async function send(door: DoorAddress, request: RunRequest, blocking: boolean): Promise<Response> {
  const { functionName, input, secrets = [], timeoutMs } = request;
  try {
    return await fetch(`${door.url}/v1/runs?functionName=${encodeURIComponent(functionName)}`, {
      method: "POST",
      headers: headers(door, request.idempotencyKey),
      body: JSON.stringify({ blocking, input, secrets }),
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
  } catch (error) {
    throw new DoorError(0, `Dispatch could not be asked to run ${functionName}: ${reason(error, timeoutMs)}`, {
      cause: error,
    });
  }
}

function headers(door: DoorAddress, idempotencyKey: string | undefined): Record<string, string> {
  return {
    Authorization: `Bearer ${door.token}`,
    "X-Dispatch-Org": door.organization,
    "Content-Type": "application/json",
    ...(idempotencyKey === undefined ? {} : { "Idempotency-Key": idempotencyKey }),
  };
}

function reason(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return "the connection failed";
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs / 1000} seconds`;
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function errorMessage(response: Response): Promise<string> {
  const body = await response.text();
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === "object" && parsed !== null && "message" in parsed) return String(parsed.message);
  } catch {
    // Not JSON: the status has to do.
  }
  return `Dispatch answered ${response.status} ${response.statusText}`.trim();
}

function isFinishedRun(value: unknown): value is FinishedRun {
  return typeof value === "object" && value !== null && "status" in value && typeof value.status === "string";
}
