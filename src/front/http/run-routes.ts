/** Runs over REST: their JSON parts pass through as texts. */
import { eventText, readEvent } from "../../core/cloud-events/cloud-event.ts";
import type { Run, runOperations } from "../../core/runs/contract.ts";
import { digestOf, type KeyUse, keyOfHeader } from "../../core/runs/idempotency.ts";
import { runToJson } from "../../core/runs/record.ts";
import type { Runs } from "../../core/runs/service.ts";
import type { RunSelection } from "../../core/runs/store.ts";
import { DispatchError } from "../../core/shared/errors.ts";
import { memberText } from "../../core/shared/json-text.ts";
import { principalText } from "../../core/shared/principal.ts";
import { NEXT_CURSOR } from "./paging.ts";
import type { Answer, Call, Route } from "./route.ts";

export function runRoutes(operations: typeof runOperations, runs: Runs): Route[] {
  return [
    { operation: operations.createRun, handle: (call) => createRun(runs, call) },
    { operation: operations.listRuns, handle: (call) => listRuns(runs, call) },
    { operation: operations.getRun, handle: (call) => getRun(runs, call) },
  ];
}

async function createRun(runs: Runs, call: Call): Promise<Answer> {
  const { principal, organization, query, body, text } = call;
  const { functionName } = query as { functionName?: string };
  if (functionName === undefined) throw new DispatchError("NO_FUNCTION");
  const { blocking = false, secrets, tags, event, httpContext } = body as Run;
  const run = await runs.create(principal, {
    organization,
    functionName,
    blocking,
    input: memberText(text, "input"),
    secrets,
    tags: tags === undefined || tags.length === 0 ? undefined : JSON.stringify(tags),
    event: event === undefined ? undefined : eventText(readEvent(event, memberText(text, "event") ?? "{}")),
    httpContext: httpContext === undefined ? undefined : memberText(text, "httpContext"),
    idempotency: keyUseOf(call),
    gone: call.gone,
  });
  return { status: blocking ? 200 : 202, body: runToJson(run) };
}

/** The token may be a new one each time, so the caller counts, and not what proves them. */
function keyUseOf({ principal, query, text, headers }: Call): KeyUse | undefined {
  const key = keyOfHeader(headers["idempotency-key"]);
  if (key === undefined) return undefined;
  return { key, scope: principalText(principal), digest: digestOf(["POST", JSON.stringify(query), text]) };
}

async function listRuns(runs: Runs, { principal, organization, query }: Call): Promise<Answer> {
  const selection = { ...query, cursor: cursorOf(query.cursor) } as RunSelection;
  const found = await runs.list(principal, organization, selection);
  const body = `[${found.map(runToJson).join(",")}]`;
  const last = found.at(-1);
  const more = selection.limit !== undefined && found.length === selection.limit && last !== undefined;
  return more ? { body, headers: { [NEXT_CURSOR]: String(last.executed) } } : { body };
}

async function getRun(runs: Runs, { principal, organization, path, query }: Call): Promise<Answer> {
  return { body: runToJson(await runs.get(principal, organization, path.runName ?? "", query as RunSelection)) };
}

function cursorOf(value: unknown): bigint | undefined {
  if (value === undefined) return undefined;
  // One digit less than what the database can hold: no time of this era needs more.
  if (/^\d{1,19}$/.test(String(value)) && BigInt(String(value)) < 2n ** 63n) return BigInt(String(value));
  throw new DispatchError("INVALID_TYPE", {
    message: `cursor in query must be one that a list answered: ${JSON.stringify(value)}`,
  });
}
