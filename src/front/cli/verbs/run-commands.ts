import type { Command } from "../frame/command.ts";
import { ignoredApplication } from "./shared-flags.ts";

/** `dispatch exec`. */
export const exec: Command = {
  name: "exec",
  summary: "Run a function",
  arguments: [{ name: "FUNCTION_NAME", completes: "Function" }],
  flags: [
    { name: "wait", type: "boolean", description: "Return when the run has ended; exit with 1 when it failed" },
    { name: "input", type: "string", description: "Input: JSON, @FILE, or - for standard input", default: "{}" },
    { name: "output-only", type: "boolean", description: "Wait, and print only what the function returned" },
    { name: "secret", type: "slice", description: "Further secrets for this run", completes: "Secret" },
    { name: "all", type: "boolean", description: "Accepted, without effect", hidden: true },
    ignoredApplication,
  ],
  examples: [
    `dispatch exec hello --wait --input '{"name": "Jon"}'`,
    "dispatch exec hello --input @input.json --output-only",
  ],
  load: async () => (await import("./others.ts")).exec,
};

/** `dispatch logs`. */
export const logs: Command = {
  name: "logs",
  aliases: ["log"],
  summary:
    "Print what a run wrote: that of RUN_ID, or the last one of FUNCTION_NAME; or what an event driver wrote: driver NAME",
  arguments: [
    { name: "FUNCTION_NAME|RUN_ID", completes: "Function" },
    { name: "RUN_ID", optional: true, completes: "run" },
  ],
  flags: [
    {
      name: "follow",
      short: "f",
      type: "boolean",
      description: "Wait for the run to end; for a function, go on with its next runs until Ctrl-C",
    },
  ],
  examples: [
    "dispatch logs hello",
    "dispatch logs hello --follow",
    "dispatch logs driver clock --follow",
    "dispatch logs 2830d337-0e8f-4713-b6fe-3b332b63f451",
  ],
  load: async () => (await import("./others.ts")).logs,
};

/** `dispatch describe`. */
export const describe: Command = {
  name: "describe",
  summary: "Say how a resource or run is, and why; who uses it; the last runs of a function",
  arguments: [
    { name: "TYPE", completes: "type" },
    { name: "NAME", completes: "name of type" },
  ],
  examples: ["dispatch describe function hello", "dispatch describe api cloudmaster", "dispatch describe run RUN_ID"],
  load: async () => (await import("./others.ts")).describe,
};

/** `dispatch retry`. */
export const retry: Command = {
  name: "retry",
  summary: "Do again what could not be done",
  arguments: [{ name: "TYPE", completes: ["deadletter"] }, { name: "ID" }],
  examples: ["dispatch retry deadletter ID"],
  load: async () => (await import("./others.ts")).retryDeadLetter,
};

/** `dispatch emit`. */
export const emit: Command = {
  name: "emit",
  summary: "Send an event",
  arguments: [{ name: "EVENT_TYPE" }],
  flags: [
    { name: "data", type: "string", description: "Data of the event: JSON" },
    { name: "data-from-file", type: "string", description: "File with the data of the event" },
    { name: "binary", type: "boolean", description: "Send the file's bytes as base64 text" },
    { name: "content-type", type: "string", description: "Content type of the data", default: "application/json" },
    { name: "source-id", type: "string", description: "Source of the event", default: "dispatch" },
    { name: "event-id", type: "string", description: "Id of the event; one is made up without" },
    { name: "event-type-version", type: "string", description: "Version of the event type" },
    { name: "event-schema-url", type: "string", description: "URL of the data's schema" },
  ],
  examples: [`dispatch emit vm.deployed --data '{"name": "vmtest01"}'`],
  load: async () => (await import("./others.ts")).emit,
};
