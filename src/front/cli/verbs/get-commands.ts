import type { Command, Flag } from "../frame/command.ts";
import type { Kind } from "../kinds/kind.ts";
import { resourceKinds } from "../kinds/kinds.ts";
// Reading is what people wait for most: these handlers are part of the main file.
import { getter } from "./get.ts";
import { getRuns } from "./get-runs.ts";
import { ignoredApplication } from "./shared-flags.ts";

const kindFlags: Readonly<Record<string, readonly Flag[]>> = {
  API: [{ name: "func", short: "f", type: "string", description: "Accepted, without effect", hidden: true }],
  Secret: [{ name: "all", type: "boolean", description: "Print the secrets with their values, as JSON" }],
};

/** `get <kind> [NAME]`. */
export function getCommand(kind: Kind, group: string, flags: readonly Flag[] = []): Command {
  return {
    name: kind.word,
    aliases: kind.aliases,
    summary: `Get one ${kind.title}, or all`,
    arguments: [{ name: "NAME", optional: true, completes: kind.kind }],
    flags: [...flags, ...(kindFlags[kind.kind] ?? []), ignoredApplication],
    examples: [`dispatch ${group} ${kind.word}`, `dispatch ${group} ${kind.word} NAME -o json`],
    load: async () => getter(kind),
  };
}

const runs: Command = {
  name: "run",
  aliases: ["runs"],
  summary: "Get the runs of all functions, of one function, or one run",
  arguments: [
    { name: "FUNCTION_NAME", optional: true, completes: "Function" },
    { name: "RUN_ID", optional: true, completes: "run" },
  ],
  flags: [
    { name: "follow", short: "f", type: "boolean", description: "Go on printing runs as they come, until Ctrl-C" },
    { name: "last", type: "boolean", description: "Only the run that started last" },
    {
      name: "by",
      type: "string",
      description: "Sort by started, finished, function or status",
      default: "started",
      completes: ["started", "finished", "function", "status"],
    },
    {
      name: "status",
      type: "string",
      description: "Only runs in this status: READY, ERROR, INITIALIZED, CREATING",
      completes: ["READY", "ERROR", "INITIALIZED", "CREATING"],
    },
    { name: "since", type: "string", description: "Only runs since then: 15m, 2h, 7d, a date, or Unix seconds" },
    { name: "limit", type: "integer", description: "At most so many, the newest" },
    ignoredApplication,
  ],
  examples: ["dispatch get runs hello --last -o json", "dispatch get runs --status ERROR --since 1h"],
  load: async () => getRuns,
};

const state: Command = {
  name: "state",
  summary: "Get what applications keep: the applications, the keys of one, or the value of a key",
  arguments: [
    { name: "APPLICATION", optional: true },
    { name: "KEY", optional: true },
  ],
  flags: [
    { name: "prefix", type: "string", description: "Only keys that begin with this" },
    { name: "limit", type: "integer", description: "At most so many keys" },
  ],
  examples: ["dispatch get state cloudmaster --prefix vm/", "dispatch get state cloudmaster vm/vmtest01"],
  load: async () => (await import("./others.ts")).getState,
};

const deadLetters: Command = {
  name: "deadletter",
  aliases: ["deadletters", "dead-letter", "dead-letters"],
  summary: "Get what could not be done, such as events that no run could take; or one of it",
  arguments: [{ name: "ID", optional: true }],
  flags: [{ name: "limit", type: "integer", description: "At most so many, the newest" }],
  examples: ["dispatch get deadletters", "dispatch get deadletter ID -o json"],
  load: async () => (await import("./others.ts")).getDeadLetters,
};

/** `dispatch get`. */
export const get: Command = {
  name: "get",
  summary: "Show resources",
  childWord: "resource type",
  examples: ["dispatch get functions", "dispatch get runs hello --last", "dispatch get api cloudmaster -o yaml"],
  commands: [...resourceKinds.map((kind) => getCommand(kind, "get")), runs, state, deadLetters],
};
