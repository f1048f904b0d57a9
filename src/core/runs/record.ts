/** A run as it is kept and as it goes out: JSON parts are texts, exactly as they travelled. */
import type { RunTable } from "../shared/database-schema.ts";
import type { FunctionFailure } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";

export type RunStatus = "INITIALIZED" | "CREATING" | "READY" | "ERROR";

export interface RunRecord {
  readonly organization: string;
  readonly id: string;
  readonly functionName: string;
  readonly functionId: string;
  readonly faasId: string;
  readonly blocking: boolean;
  /** Unix nanoseconds. */
  readonly executed: bigint;
  readonly input: string | undefined;
  readonly secrets: readonly string[] | null;
  readonly tags: string | undefined;
  readonly httpContext: string | undefined;
  readonly event: string | undefined;
  readonly parent: string | undefined;
  readonly depth: number;
  /** `kind:id` of who asked. */
  readonly principal: string;
  readonly idempotencyKey: string | undefined;
  attempt: number;
  status: RunStatus;
  finished: bigint | undefined;
  output: string | undefined;
  error: FunctionFailure | undefined;
  stdout: readonly string[] | null;
  stderr: readonly string[] | null;
  reason: readonly string[] | null;
}

/** The Run object of server.md 2.7, keys in the order of the original. */
export function runToJson(run: RunRecord): string {
  let text = run.blocking ? '{"blocking":true' : "{";
  const add = (key: string, value: string): void => {
    text += `${text.length > 1 ? "," : ""}"${key}":${value}`;
  };
  if (run.error !== undefined) add("error", errorToJson(run.error));
  if (run.event !== undefined) add("event", run.event);
  add("executedTime", String(run.executed));
  add("faasId", `"${run.faasId}"`);
  if (run.finished !== undefined) add("finishedTime", String(run.finished));
  add("functionId", `"${run.functionId}"`);
  add("functionName", JSON.stringify(run.functionName));
  if (run.httpContext !== undefined) add("httpContext", run.httpContext);
  if (run.input !== undefined && run.input !== "null") add("input", run.input);
  if (run.finished !== undefined)
    add("logs", `{"stderr":${JSON.stringify(run.stderr)},"stdout":${JSON.stringify(run.stdout)}}`);
  add("name", `"${run.id}"`);
  if (run.output !== undefined && run.output !== "null") add("output", run.output);
  add("reason", JSON.stringify(run.reason));
  add("secrets", JSON.stringify(run.secrets));
  return `${text},"services":null,"status":"${run.status}","tags":${run.tags ?? "[]"}}`;
}

function errorToJson({ message, stacktrace, type }: FunctionFailure): string {
  return JSON.stringify({ message, stacktrace, type });
}

/** How a record names who asked. */
export function principalText({ kind, id }: Principal): string {
  return `${kind}:${id}`;
}

/**
 * Who asked, as the record says. A run that a restart takes up again may do what they may do then, and no more.
 */
export function principalOf({ principal, organization }: Pick<RunRecord, "principal" | "organization">): Principal {
  const colon = principal.indexOf(":");
  const kind = principal.slice(0, colon) as Principal["kind"];
  const id = principal.slice(colon + 1);
  const home = kind === "service-account" ? (id.split("/", 1)[0] ?? "") : organization;
  return { kind, id, organization: home, via: "recovery" };
}

export function runFromRow(row: RunTable): RunRecord {
  return {
    organization: row.organization,
    id: row.id,
    functionName: row.function_name,
    functionId: row.function_id,
    faasId: row.faas_id,
    blocking: Number(row.blocking) === 1,
    executed: BigInt(row.executed),
    input: row.input ?? undefined,
    secrets: parsed(row.secrets),
    tags: row.tags ?? undefined,
    httpContext: row.http_context ?? undefined,
    event: row.event ?? undefined,
    parent: row.parent ?? undefined,
    depth: Number(row.depth),
    principal: row.principal,
    idempotencyKey: row.idempotency_key ?? undefined,
    attempt: Number(row.attempt),
    status: row.status as RunStatus,
    finished: row.finished === null ? undefined : BigInt(row.finished),
    output: row.output ?? undefined,
    error: row.error === null ? undefined : (JSON.parse(row.error) as FunctionFailure),
    stdout: parsed(row.stdout),
    stderr: parsed(row.stderr),
    reason: parsed(row.reason),
  };
}

function parsed(text: string | null): string[] | null {
  return text === null ? null : (JSON.parse(text) as string[]);
}
