/** Runs over REST: their JSON parts pass through as texts. */
import { setImmediate } from "node:timers/promises";
import { eventText, readEvent } from "../../core/cloud-events/cloud-event.ts";
import type { Run, runOperations } from "../../core/runs/contract.ts";
import { startOf } from "../../core/runs/delay.ts";
import { digestOf, type KeyUse, keyOfHeader } from "../../core/runs/idempotency.ts";
import { runToJson } from "../../core/runs/record.ts";
import { detailsOf } from "../../core/runs/run-details.ts";
import type { RunList, RunSelection } from "../../core/runs/run-list.ts";
import type { RunPlace } from "../../core/runs/run-search.ts";

import type { Runs } from "../../core/runs/service.ts";
import { DispatchError } from "../../core/shared/errors.ts";
import { memberText } from "../../core/shared/json-text.ts";
import { principalText } from "../../core/shared/principal.ts";
import { listAnswer } from "./paging.ts";
import { pieces } from "./pieces.ts";
import { type Answer, type Call, eventStream, type Route } from "./route.ts";

export function runRoutes(operations: typeof runOperations, runs: Runs): Route[] {
  return [
    { operation: operations.createRun, handle: (call) => createRun(runs, call) },
    { operation: operations.listRuns, handle: (call) => listRuns(runs, call) },
    {
      operation: operations.replayRun,
      handle: async ({ principal, organization, path }) => ({
        body: runToJson(await runs.replay(principal, organization, path.runName ?? "")),
      }),
    },
    {
      operation: operations.explainRun,
      handle: async ({ principal, organization, path }) => ({
        body: detailsOf(await runs.get(principal, organization, path.runName ?? "", {})),
      }),
    },
    { operation: operations.getRun, handle: (call) => getRun(runs, call) },
    {
      operation: operations.followRun,
      handle: async ({ principal, organization, path }) =>
        eventStream(await runs.follow(principal, organization, path.runName ?? "")),
    },
    {
      operation: operations.followRuns,
      handle: ({ principal, organization, query }) =>
        eventStream(runs.followAll(principal, organization, query.functionName as string | undefined)),
    },
    {
      operation: operations.followStates,
      handle: ({ principal, organization, query }) =>
        eventStream(runs.followStates(principal, organization, query.functionName as string | undefined)),
    },
    {
      operation: operations.cancelRun,
      handle: async ({ principal, organization, path }) => ({
        body: runToJson(await runs.cancel(principal, organization, path.runName ?? "")),
      }),
    },
  ];
}

async function createRun(runs: Runs, call: Call): Promise<Answer> {
  const { principal, organization, query, body, text } = call;
  const { functionName } = query as { functionName?: string };
  if (functionName === undefined) throw new DispatchError("NO_FUNCTION");
  const { blocking = false, secrets, tags, event, httpContext, startAt } = body as Run;
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
    startAt: startOf(startAt, blocking, Date.now()),
    gone: call.gone,
  });
  return { status: blocking ? 200 : 202, body: runToJson(run) };
}

/** The key belongs to the caller and not to the token, which may be a new one each time. */
function keyUseOf({ principal, query, text, headers }: Call): KeyUse | undefined {
  const key = keyOfHeader(headers["idempotency-key"]);
  if (key === undefined) return undefined;
  return { key, scope: principalText(principal), digest: digestOf(["POST", JSON.stringify(query), text]) };
}

async function listRuns(runs: Runs, { principal, organization, query }: Call): Promise<Answer> {
  const selection = { ...query, cursor: placeOf(query.cursor) } as RunSelection;
  const list = await runs.list(principal, organization, selection);
  const next = list.next && cursorOf(list.next);
  const text = textOf(list);
  return listAnswer(list.bytes > SHORT_BYTES ? text : await whole(text), next);
}

/** Bytes up to which a list is sent as one text with its length. */
const SHORT_BYTES = 128 * 1024;

async function* textOf(list: RunList): AsyncGenerator<string> {
  let before = "[";
  for await (const text of partTexts(list)) {
    yield before;
    for (const piece of pieces(text)) {
      yield piece;
      // Without this pause a fast connection would get its whole list before any other request has a turn.
      await setImmediate();
    }
    before = ",";
  }
  yield before === "[" ? "[]" : "]";
}

/** While one is sent, only its text is kept. */
async function* partTexts(list: RunList): AsyncGenerator<string> {
  const parts = list.parts();
  for (;;) {
    const text = await nextText(parts);
    if (text === undefined) return;
    if (text !== "") yield text;
  }
}

async function nextText(parts: ReturnType<RunList["parts"]>): Promise<string | undefined> {
  const { done, value } = await parts.next();
  return done ? undefined : value.map(runToJson).join(",");
}

async function whole(parts: AsyncIterable<string>): Promise<string> {
  const texts: string[] = [];
  for await (const part of parts) texts.push(part);
  return texts.join("");
}

async function getRun(runs: Runs, { principal, organization, path, query }: Call): Promise<Answer> {
  return { body: runToJson(await runs.get(principal, organization, path.runName ?? "", query as RunSelection)) };
}

/** A time and the id of a run; a time alone stands for the place after all runs of that time. */
const CURSOR = /^(\d{1,19})(?:\.([\da-f-]{36}))?$/;

function cursorOf({ executed, id }: RunPlace): string {
  return id === "" ? String(executed) : `${executed}.${id}`;
}

function placeOf(value: unknown): RunPlace | undefined {
  if (value === undefined) return undefined;
  const [, time, id = ""] = CURSOR.exec(String(value)) ?? [];
  // One digit less than what the database can hold: no time of this era needs more.
  if (time !== undefined && BigInt(time) < 2n ** 63n) return { executed: BigInt(time), id };
  throw new DispatchError("INVALID_TYPE", {
    message: `cursor in query must be one that a list answered: ${JSON.stringify(value)}`,
  });
}
