/** Runs: not a kind of batch files, but printed like one. */

import type { JsonObject, Shape } from "../output/shape.ts";
import { duration, rfc3339 } from "../output/time.ts";
import { type KindTable, plainStyle, textColumn } from "./kind.ts";

const eventShape: Shape = {
  keys: [
    "eventType",
    "eventTypeVersion?",
    "cloudEventsVersion",
    "source",
    "eventID",
    "eventTime",
    "schemaURL?",
    "contentType?",
    "extensions?",
  ],
};

/** The keys of a printed run (cli-and-runtimes.md 1.8). */
export const runShape: Shape = {
  keys: [
    "blocking?",
    "error?",
    "event?",
    "executedTime?",
    "faasId?",
    "finishedTime?",
    "functionId?",
    "functionName?",
    "httpContext?",
    "input??",
    "logs?",
    "name?",
    "output??",
    "reason",
    "secrets",
    "services",
    "status?",
    "tags",
  ],
  nested: {
    error: { keys: ["message", "stacktrace", "type"] },
    logs: { keys: ["stderr", "stdout"] },
    event: eventShape,
  },
};

/** Local times and how long it took; a run that has not ended shows neither (decisions.md 6). */
export const runTable: KindTable = {
  style: plainStyle,
  columns: [
    textColumn("ID", "name"),
    textColumn("Function", "functionName"),
    textColumn("Status", "status"),
    { title: "Started", cell: (run) => rfc3339(time(run, "executedTime")) },
    { title: "Finished", cell: (run) => rfc3339(time(run, "finishedTime")) },
    { title: "Duration", cell: (run) => took(run) },
  ],
};

/** Unix nanoseconds; undefined for none, and for the zero time of older servers. */
export function time(run: JsonObject, key: "executedTime" | "finishedTime"): bigint | undefined {
  const value = run[key];
  const nanoseconds = typeof value === "bigint" ? value : typeof value === "number" ? BigInt(value) : undefined;
  return nanoseconds !== undefined && nanoseconds > 0n ? nanoseconds : undefined;
}

/** How long a run took; "" until it ended. */
export function took(run: JsonObject): string {
  const started = time(run, "executedTime");
  const finished = time(run, "finishedTime");
  return started === undefined || finished === undefined ? "" : duration(finished - started);
}
