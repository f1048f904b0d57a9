import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { parseJson } from "../../client/json.ts";
import { readBytes, textOf } from "../files/read-text.ts";
import { argument, type Context } from "../frame/context.ts";
import { CliError } from "../frame/errors.ts";
import { goJsonError } from "../output/go-json-error.ts";

const emitEvent = { method: "POST", path: "/v1/event" } as const;

/** `emit EVENT_TYPE`: one CloudEvent 0.1 (cli-and-runtimes.md 1.11). */
export async function emit(context: Context): Promise<number> {
  const { flags, io } = context;
  const data = eventData(context);
  const event = {
    eventType: argument(context, 0),
    eventTypeVersion: flags.text("event-type-version"),
    cloudEventsVersion: "0.1",
    source: flags.text("source-id") ?? "dispatch",
    eventID: flags.text("event-id") ?? randomUUID(),
    eventTime: new Date(io.now()).toISOString(),
    schemaURL: flags.text("event-schema-url"),
    contentType: data === undefined ? undefined : contentType(context),
    data,
  };
  await context.client.call(emitEvent, { body: event });
  io.stdout("event emitted\n");
  return 0;
}

function contentType(context: Context): string {
  if (context.flags.on("binary")) return context.flags.text("content-type") ?? "application/octet-stream";
  return "application/json";
}

function eventData(context: Context): unknown {
  const { flags } = context;
  const path = flags.text("data-from-file");
  if (path !== undefined && flags.given("data")) {
    throw new CliError("--data and --data-from-file are mutually exclusive, specify only one of them");
  }
  if (path !== undefined) return fileData(context, path);
  const text = flags.text("data");
  return text === undefined ? undefined : json(text);
}

function fileData(context: Context, path: string): unknown {
  const bytes = readBytes(resolve(context.io.cwd, path), "Error reading event data");
  return context.flags.on("binary") ? bytes.toString("base64") : json(textOf(bytes, path));
}

function json(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new CliError(`Error reading event data: it must be JSON: ${goJsonError(text)}`);
  }
}
