/** A run as it is kept and as it goes out: JSON parts are texts, exactly as they travelled. */
import type { RunTable } from "../shared/database-schema.ts";
import type { FunctionFailure } from "../shared/ports.ts";
import { ADMINISTRATOR, BY_ADMINISTRATOR, type Person, type Principal } from "../shared/principal.ts";
import { wholeHttpContext } from "./http-context.ts";

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
  /** For whom they asked, where they are no person themselves; null is the administrator. */
  readonly people: readonly Person[] | null;
  readonly idempotencyKey: string | undefined;
  /** Unix milliseconds before which it does not begin. */
  readonly startAt: number | undefined;
  attempt: number;
  status: RunStatus;
  finished: bigint | undefined;
  output: string | undefined;
  error: FunctionFailure | undefined;
  stdout: readonly string[] | null;
  stderr: readonly string[] | null;
  reason: readonly string[] | null;
  /** What the function said that this run is about; one line. */
  title: string | undefined;
  /** See run-times.ts. */
  times: string | undefined;
}

/** What clients see of a run. */
export type ShownRun = Omit<
  RunRecord,
  "organization" | "parent" | "depth" | "principal" | "people" | "idempotencyKey" | "attempt" | "times"
>;

export const shownColumns = [
  "id",
  "function_name",
  "function_id",
  "faas_id",
  "blocking",
  "executed",
  "input",
  "secrets",
  "tags",
  "http_context",
  "event",
  "start_at",
  "status",
  "finished",
  "output",
  "error",
  "stdout",
  "stderr",
  "reason",
  "title",
] as const satisfies readonly (keyof RunTable)[];

/** The Run object of server.md 2.7, keys in the order of the original. */
export function runToJson(run: ShownRun): string {
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
  const httpContext = wholeHttpContext(run.httpContext);
  if (httpContext !== undefined) add("httpContext", httpContext);
  if (run.input !== undefined && run.input !== "null") add("input", run.input);
  if (run.finished !== undefined)
    add("logs", `{"stderr":${JSON.stringify(run.stderr)},"stdout":${JSON.stringify(run.stdout)}}`);
  add("name", `"${run.id}"`);
  if (run.output !== undefined && run.output !== "null") add("output", run.output);
  add("reason", JSON.stringify(run.reason));
  add("secrets", JSON.stringify(run.secrets));
  const start = run.startAt === undefined ? "" : `"startAt":"${new Date(run.startAt).toISOString()}",`;
  const title = run.title ? `,"title":${JSON.stringify(run.title)}` : "";
  return `${text},"services":null,${start}"status":"${run.status}","tags":${run.tags ?? "[]"}${title}}`;
}

function errorToJson({ message, stacktrace, type }: FunctionFailure): string {
  return JSON.stringify({ message, stacktrace, type });
}

/**
 * Who asked, as the record says. A run that a restart takes up again may do what they may do then, and no more.
 */
export function principalOf(record: Pick<RunRecord, "principal" | "organization" | "people">): Principal {
  const { principal, organization } = record;
  const colon = principal.indexOf(":");
  const kind = principal.slice(0, colon) as Principal["kind"];
  const id = principal.slice(colon + 1);
  const home = kind === "service-account" ? (id.split("/", 1)[0] ?? "") : organization;
  const asked = { kind, id, organization: home, via: "recovery" } as const;
  if (kind === "administrator" || kind === "service-account" || kind === "system") return asked;
  return { ...asked, people: record.people ?? BY_ADMINISTRATOR };
}

/** What a record says of a principal's people. */
export function recordedPeople({ people }: Principal): readonly Person[] | null {
  return people === undefined || (people.length === 1 && people[0] === ADMINISTRATOR) ? null : people;
}

export function runFromRow(row: RunTable): RunRecord {
  return {
    ...shownFromRow(row),
    organization: row.organization,
    parent: row.parent ?? undefined,
    depth: Number(row.depth),
    principal: row.principal,
    idempotencyKey: row.idempotency_key ?? undefined,
    people: row.people?.split(" ") ?? null,
    attempt: Number(row.attempt),
    times: row.times ?? undefined,
  };
}

export type ShownRow = Pick<RunTable, (typeof shownColumns)[number]>;

export function shownFromRow(row: ShownRow): ShownRun {
  return {
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
    startAt: row.start_at === null ? undefined : Number(row.start_at),
    status: row.status as RunStatus,
    finished: row.finished === null ? undefined : BigInt(row.finished),
    output: row.output ?? undefined,
    error: parsed<FunctionFailure>(row.error) ?? undefined,
    stdout: parsed(row.stdout),
    stderr: parsed(row.stderr),
    reason: parsed(row.reason),
    title: row.title ?? undefined,
  };
}

/** What cannot be read is as if it were not there: one row must not hide the others of its list. */
function parsed<T = string[]>(text: string | null): T | null {
  try {
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}
