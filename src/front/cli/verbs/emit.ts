/** `emit EVENT_TYPE`: one CloudEvent 0.1 (cli-and-runtimes.md 1.11), or 1.0; several with --batch. */
import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { batchRequest, binaryRequest, originalRequest, structuredRequest } from "../../../core/cloud-events/sending.ts";
import { optional } from "../../../frame/command.ts";
import { CliError, UsageError } from "../../../frame/errors.ts";
import { array, on, text, type Values } from "../../../frame/flags.ts";
import type { Io } from "../../../frame/io.ts";
import { type Context, command } from "../context/context.ts";
import { textFile } from "../files/given-files.ts";
import { jsonOf, readBytes } from "../files/read-text.ts";
import { jsonText } from "../output/encode.ts";

const emitEvent = { method: "POST", path: "/v1/event" } as const;
const jsonType = "application/json";
const formats = ["0.1", "structured", "binary"];

const flags = {
  data: text("Data of the event: JSON"),
  "data-from-file": text("File with the data of the event"),
  binary: on("Send the file's bytes as base64 text"),
  "content-type": text("Content type of the data", { shown: jsonType }),
  "source-id": text("Source of the event", { default: "dispatch" }),
  "event-id": text("Id of the event; one is made up without"),
  "event-type-version": text("Version of the event type"),
  "event-schema-url": text("URL of the data's schema"),
  format: text("CloudEvents 0.1, or 1.0 in the mode structured or binary", {
    default: "0.1",
    completes: formats,
  }),
  extension: array("Further attribute NAME=TEXT of 1.0, such as subject=web-1; repeatable"),
  batch: text("File with a JSON array of CloudEvents 1.0: all of them are taken, or none"),
};

type Flags = Values<typeof flags>;

export const emit = command({
  name: "emit",
  summary: "Send an event",
  arguments: [optional("EVENT_TYPE")],
  flags,
  examples: [
    `dispatch emit vm.deployed --data '{"name": "vmtest01"}'`,
    `dispatch emit vm.deployed --format structured --extension subject=vmtest01`,
    "dispatch emit --batch events.json",
  ],
  run: async (context) => {
    const { client, io, flags: given } = context;
    const sent = given.batch === undefined ? oneEvent(context) : batch(context, given.batch);
    const answer = await client.call(emitEvent, sent);
    io.stdout(Array.isArray(answer) ? `${answer.length} events emitted\n` : "event emitted\n");
  },
});

function oneEvent({ args, io, flags: given }: Context & { readonly flags: Flags }) {
  const [type] = args;
  if (type === undefined) throw new UsageError("name the type of the event, or a file: --batch events.json");
  const data = eventData(io, given);
  const contentType = given.binary ? (given["content-type"] ?? "application/octet-stream") : jsonType;
  if (!formats.includes(given.format))
    throw new UsageError(`--format ${given.format}: use one of ${formats.join(", ")}`);
  if (given.format === "binary" && given.binary)
    throw new UsageError("bytes are sent with --format structured --binary");
  const extensions = given.extension.map(extensionOf);
  if (given.format === "0.1" && extensions.length > 0)
    throw new UsageError("--extension needs --format structured or binary");
  const attributes = {
    specversion: "1.0",
    type,
    source: given["source-id"],
    id: given["event-id"] ?? randomUUID(),
    time: new Date(io.now()).toISOString(),
    dataschema: given["event-schema-url"],
    datacontenttype: data === undefined ? undefined : contentType,
    ...Object.fromEntries(extensions),
  };
  const written = data === undefined ? undefined : jsonText(data, 0).trimEnd();
  if (given.format === "binary") return binaryRequest(attributes, written);
  if (given.format === "0.1") return originalRequest(attributes, given["event-type-version"], written);
  return structuredRequest(attributes, given.binary ? "data_base64" : "data", written);
}

function batch({ args, io }: Context, path: string) {
  if (args.length > 0) throw new UsageError("--batch brings the types of its events: leave EVENT_TYPE out");
  const failure = "Error reading events";
  return batchRequest(jsonText(json(textFile(io, path, `${failure}: ${path}`), failure, path), 0).trimEnd());
}

function extensionOf(words: string): readonly [string, string] {
  const [, name = "", value = ""] = /^([a-z0-9]+)=(.*)$/s.exec(words) ?? [];
  if (name !== "") return [name, value];
  throw new UsageError(`--extension ${JSON.stringify(words)}: write NAME=TEXT, the name in small letters and digits`);
}

type DataFlags = Pick<Flags, "data" | "data-from-file"> & { readonly binary?: boolean };

/** The data that the flags give; undefined for none. @throws CliError when it cannot be read */
export function eventData(io: Io, { data, "data-from-file": path, binary }: DataFlags): unknown {
  if (path !== undefined && data !== undefined) {
    throw new CliError("--data and --data-from-file are mutually exclusive, specify only one of them");
  }
  const failure = "Error reading event data";
  if (path === undefined) return data === undefined ? undefined : json(data, failure, "--data");
  const unreadable = `${failure}: ${path}`;
  return binary
    ? readBytes(resolve(io.cwd, path), unreadable).toString("base64")
    : json(textFile(io, path, unreadable), failure, path);
}

/** @param name of what brought the text, for messages. @throws CliError */
function json(text: string, failure: string, name: string): unknown {
  return jsonOf(text, `${failure}: ${name} must be JSON: `);
}
