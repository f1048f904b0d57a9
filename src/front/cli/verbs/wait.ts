/** `--wait`: the resource is asked for until it is READY or in ERROR (decisions.md 4). */

import type { Context } from "../frame/context.ts";
import { UsageError } from "../frame/errors.ts";
import { invalidSpan, spanMilliseconds } from "../frame/span.ts";
import { itemPath, type Kind, list, text } from "../kinds/kind.ts";
import { isObject, type JsonObject } from "../output/shape.ts";
import { pause } from "./pause.ts";
import { progress } from "./progress.ts";

const firstPauseMs = 20;
const longestPauseMs = 500;

export interface Waited {
  /** The resource as it was seen last. */
  readonly resource: JsonObject;
  /** Why it is not READY; undefined when it is. */
  readonly problem?: string;
}

/** Polls one resource. @throws ApiError when it cannot be read, CliError when the call was interrupted. */
export async function readyOrReason(context: Context, kind: Kind, name: string): Promise<Waited> {
  const limitMs = waitLimitMs(context);
  const started = context.io.now();
  const shown = progress(context.io);
  try {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
      const resource = await fetchOne(context, kind, name);
      const status = text(resource, "status");
      if (status === "READY" || !kind.hasStatus) return { resource };
      if (status === "ERROR") return { resource, problem: `${kind.title} ${name} is in ERROR: ${reasonOf(resource)}` };
      const waitedMs = context.io.now() - started;
      if (waitedMs >= limitMs) return { resource, problem: tooLong(kind, name, status, context) };
      shown.update(`waiting for ${kind.title} ${name}: ${status} (${Math.floor(waitedMs / 1000)}s)`);
      await pause(Math.min(pauseMs, limitMs - waitedMs), context.io.signal);
    }
  } finally {
    shown.clear();
  }
}

/** What a resource gives as its reasons, in one text. */
export function reasonOf(resource: JsonObject): string {
  return list(resource, "reason").join("\n") || "the server gives no reason";
}

async function fetchOne(context: Context, kind: Kind, name: string): Promise<JsonObject> {
  const operation = kind.operations.get;
  const answer = await context.client.call(operation, { path: itemPath(operation, name) });
  return isObject(answer) ? answer : {};
}

function waitLimitMs(context: Context): number {
  const limit = spanMilliseconds(waitLimit(context));
  if (limit === undefined) throw new UsageError(invalidSpan("wait-timeout", waitLimit(context)));
  return limit;
}

function waitLimit(context: Context): string {
  const { flags } = context;
  return flags.text("wait-timeout") ?? (isDuration(context) ? flags.text("timeout") : undefined) ?? "10m";
}

// The time-out of `create function` belongs to the function.
function isDuration(context: Context): boolean {
  return context.path.at(-1)?.flags?.some((flag) => flag.name === "timeout" && flag.type === "string") ?? false;
}

function tooLong(kind: Kind, name: string, status: string, context: Context): string {
  return `${kind.title} ${name} is still ${status} after ${waitLimit(context)}; see: dispatch describe ${kind.word} ${name}`;
}
