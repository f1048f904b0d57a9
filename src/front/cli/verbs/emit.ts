/** `emit EVENT_TYPE`: one CloudEvent 0.1 (cli-and-runtimes.md 1.11). */
import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { parseJson } from "../../client/json.ts";
import { jsonProblem } from "../files/json-place.ts";
import { readBytes, textOf } from "../files/read-text.ts";
import { needed } from "../frame/command.ts";
import { command } from "../frame/context.ts";
import { CliError } from "../frame/errors.ts";
import { on, text } from "../frame/flags.ts";
import type { Io } from "../frame/io.ts";

const emitEvent = { method: "POST", path: "/v1/event" } as const;
const jsonType = "application/json";

const flags = {
  data: text("Data of the event: JSON"),
  "data-from-file": text("File with the data of the event"),
  binary: on("Send the file's bytes as base64 text"),
  "content-type": text("Content type of the data", { shown: jsonType }),
  "source-id": text("Source of the event", { default: "dispatch" }),
  "event-id": text("Id of the event; one is made up without"),
  "event-type-version": text("Version of the event type"),
  "event-schema-url": text("URL of the data's schema"),
};

export const emit = command({
  name: "emit",
  summary: "Send an event",
  arguments: [needed("EVENT_TYPE")],
  flags,
  examples: [`dispatch emit vm.deployed --data '{"name": "vmtest01"}'`],
  run: async (context) => {
    const { args, client, io, flags: given } = context;
    const data = eventData(context);
    const contentType = given.binary ? (given["content-type"] ?? "application/octet-stream") : jsonType;
    const event = {
      eventType: args[0],
      eventTypeVersion: given["event-type-version"],
      cloudEventsVersion: "0.1",
      source: given["source-id"],
      eventID: given["event-id"] ?? randomUUID(),
      eventTime: new Date(io.now()).toISOString(),
      schemaURL: given["event-schema-url"],
      contentType: data === undefined ? undefined : contentType,
      data,
    };
    await client.call(emitEvent, { body: event });
    io.stdout("event emitted\n");
  },
});

interface DataFlags {
  readonly data: string | undefined;
  readonly "data-from-file": string | undefined;
  readonly binary: boolean;
}

/** The data that the flags give; undefined for none. @throws CliError when it cannot be read */
export function eventData({
  io,
  flags: { data, "data-from-file": path, binary },
}: {
  readonly io: Io;
  readonly flags: DataFlags;
}): unknown {
  if (path !== undefined && data !== undefined) {
    throw new CliError("--data and --data-from-file are mutually exclusive, specify only one of them");
  }
  if (path === undefined) return data === undefined ? undefined : json(data);
  const bytes = readBytes(resolve(io.cwd, path), "Error reading event data");
  return binary ? bytes.toString("base64") : json(textOf(bytes, path));
}

function json(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new CliError(`Error reading event data: it must be JSON: ${jsonProblem(text)}`);
  }
}
