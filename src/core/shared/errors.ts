/**
 * The catalogue of errors that leave the server. `code` is what the body says (422 bodies say 601 to 606), `status` the
 * HTTP status, the template the words that clients print; `isPassing` where the same request may do later. Texts are part
 * of the wire (server.md 2.3 and 2.5).
 */
import { OwnError } from "./own-error.ts";

const catalogue = {
  NOT_FOUND: { status: 404, code: 404, template: "{kind} {name} not found" },
  ALREADY_EXISTS: { status: 409, code: 409, template: "{kind} {name} already exists" },
  CHANGED_MEANWHILE: {
    status: 409,
    code: 409,
    template: "{kind} {name} was changed by somebody else meanwhile: read it again and repeat",
  },
  INTERNAL: { status: 500, code: 500, template: "internal error when processing {kind} {name}" },
  BAD_REQUEST: { status: 400, code: 400, template: "{message}" },
  FUNCTION_NOT_READY: { status: 404, code: 404, template: "function {name} is not READY" },
  NO_FUNCTION: { status: 400, code: 400, template: "Bad Request: No function specified" },
  INVALID_PAYLOAD: { status: 400, code: 400, template: "Bad Request: Invalid Payload" },
  RUN_NOT_FOUND: { status: 404, code: 404, template: "function run {name} not found" },
  NO_SOURCE: { status: 400, code: 400, template: "either source or sourceURL must be specified" },
  BASE_IMAGE_UNKNOWN: { status: 400, code: 400, template: "Error fetching base image {name}" },
  OVERLOADED: {
    isPassing: true,
    status: 429,
    code: 429,
    template: "function {name} is overloaded: {message}; try again in {retryAfter} s",
  },
  CALLER_GONE: {
    isPassing: true,
    status: 503,
    code: 503,
    template: "whoever called function {name} hung up before it was entered",
  },
  DRIVER_TYPE_UNKNOWN: {
    status: 400,
    code: 400,
    template: "bad request when processing event driver {name}: driver type {type} does not exist",
  },
  INVALID_EVENT: { status: 400, code: 400, template: "Error validating event: {message}" },
  NOT_EMITTED: { status: 500, code: 500, template: "internal server error when emitting an event" },
  UNKNOWN_TOKEN: { status: 401, code: 401, template: "token not recognized" },
  TOO_DEEP: {
    status: 400,
    code: 400,
    template: "function {name} was called through more than {limit} functions: is it calling itself?",
  },
  CHAIN_TOO_LONG: {
    status: 400,
    code: 400,
    template:
      "function {name} cannot be called here: with those that wait for it it would take {workers} workers at once, and this server has {limit} (setting max-workers)",
  },
  UNAUTHENTICATED: { status: 401, code: 401, template: "unauthenticated for invalid credentials" },
  INVALID_CREDENTIALS: { status: 401, code: 401, template: "{message}" },
  TOO_MANY_GUESSES: {
    status: 429,
    code: 429,
    template: "too many wrong credentials from this address: try again in {retryAfter} s",
  },
  FORBIDDEN: { status: 403, code: 403, template: "{message}" },
  UNKNOWN_RESOURCE: { status: 404, code: 404, template: "resource does not exist" },
  NOT_IMPLEMENTED: { status: 501, code: 501, template: "Endpoint is not implemented in this version of Dispatch" },
  UNKNOWN_PATH: { status: 404, code: 404, template: "path {path} was not found" },
  METHOD_NOT_ALLOWED: { status: 405, code: 405, template: "method {method} is not allowed, but [{allowed}] are" },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    code: 415,
    template: 'unsupported media type "{type}", only [application/json] are allowed',
  },
  UNSUPPORTED_CODING: {
    status: 415,
    code: 415,
    template: "the {kind} {name} of the request body is not taken here: send plain UTF-8",
  },
  UPLOADS_WAITING: {
    status: 429,
    code: 429,
    template: "too many large uploads wait for their turn: try again in {retryAfter} s",
  },
  BODY_NOT_EXPECTED: { status: 500, code: 500, template: "no consumer registered for {type}" },
  TOO_LARGE: { status: 413, code: 413, template: "the request body is larger than {limit} bytes (setting {setting})" },
  REPEATED_NAME: {
    status: 400,
    code: 400,
    template: "the request body has the key {key} twice in one object, again{as} at {place}: leave one of them",
  },
  MALFORMED_BODY: { status: 400, code: 400, template: 'parsing {body} body from "" failed, because {cause}' },
  INVALID_TYPE: { status: 422, code: 601, template: "{message}" },
  REQUIRED: { status: 422, code: 602, template: "{field} in {place} is required" },
  TOO_LONG: { status: 422, code: 603, template: "{field} in {place} should be at most {limit} chars long" },
  TOO_SHORT: { status: 422, code: 604, template: "{field} in {place} should be at least {limit} chars long" },
  PATTERN: { status: 422, code: 605, template: "{message}" },
  ENUM: { status: 422, code: 606, template: "{field} in {place} should be one of [{allowed}]" },
  TOO_HIGH: {
    status: 422,
    code: 608,
    template: "{field} in {place} should be less than or equal to {limit} (setting {setting})",
  },
  STATE_TOO_LARGE: {
    status: 413,
    code: 413,
    template: "the value of {key} has {size} bytes, and a value may have {limit}: keep less, or in parts",
  },
  STATE_FULL: { status: 507, code: 507, template: "application {application} has {limit} keys: delete some first" },
  NO_COOKIE: { status: 500, code: 500, template: "No Such Cookie" },
  TOO_MANY_FOLLOWERS: {
    status: 429,
    code: 429,
    template: "{limit} callers follow logs already: try again later",
    retryAfter: 10,
  },
  RUN_HAS_ENDED: { status: 409, code: 409, template: "run {name} has ended already" },
  CANCELLED: { status: 409, code: 409, template: "the run was cancelled before it began" },
  DELAYED_AND_WAITED_FOR: {
    status: 400,
    code: 400,
    template: "a run with startAt cannot be waited for: leave blocking out, and ask for the run by its name",
  },
  INVALID_START: {
    status: 400,
    code: 400,
    template: "startAt in body must be a time within a year, such as 2026-11-28T22:00:00Z: {value}",
  },
  TOO_MANY_DELAYED: {
    isPassing: true,
    status: 429,
    code: 429,
    template: "{limit} runs of this organization wait for their time already: cancel some first",
    retryAfter: 60,
  },
  SHUTTING_DOWN: {
    isPassing: true,
    status: 503,
    code: 503,
    template: "the server is stopping: try again when it is back",
    retryAfter: 5,
  },
  DISK_FULL: {
    isPassing: true,
    status: 507,
    code: 507,
    template:
      "the server's disk is nearly full: {free} MB are free, and new work is taken from {least} MB on (setting min-free-bytes); delete something, or make room, and try again",
    retryAfter: 30,
  },
  KEY_REUSED: {
    status: 422,
    code: 422,
    template: "the Idempotency-Key was used before with another input: send the same request again, or take a new key",
  },
} as const;

export type ErrorName = keyof typeof catalogue;

/** An error for the caller. `cause` is for the log only and never leaves the server. */
export class DispatchError extends OwnError {
  override name = "DispatchError";
  /** What happened; callers inside decide by it and never by a status. */
  readonly error: ErrorName;
  readonly status: number;
  readonly code: number;
  /** Seconds, for the Retry-After header of 429 answers. */
  readonly retryAfter: number | undefined;

  constructor(error: ErrorName, values: Readonly<Record<string, string | number>> = {}, cause?: unknown) {
    const entry = catalogue[error];
    super(fill(entry.template, values), cause === undefined ? undefined : { cause });
    this.error = error;
    this.status = entry.status;
    this.code = entry.code;
    const usual = "retryAfter" in entry ? entry.retryAfter : undefined;
    this.retryAfter = typeof values.retryAfter === "number" ? values.retryAfter : usual;
  }

  /** There is no room or no time now: the same request may do later. */
  get isPassing(): boolean {
    return "isPassing" in catalogue[this.error];
  }

  /** The body of the answer. */
  toJSON(): { code: number; message: string } {
    return { code: this.code, message: this.message };
  }
}

/** Whether an error is one of these of the catalogue. */
export function isError(error: unknown, ...names: readonly ErrorName[]): error is DispatchError {
  return error instanceof DispatchError && names.includes(error.error);
}

/** Whether an error says that the same request may do later. */
export function isPassing(error: unknown): error is DispatchError {
  return error instanceof DispatchError && error.isPassing;
}

function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (_, key: string) => String(values[key] ?? ""));
}
