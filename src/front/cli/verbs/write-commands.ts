/** `create`, `update` and `apply`: the same arguments and flags for the same kind. */
import { languageNames, languages } from "../../../core/languages/languages.ts";
import type { Argument, Command, Flag } from "../frame/command.ts";
import type { Kind } from "../kinds/kind.ts";
import { resourceKinds } from "../kinds/kinds.ts";
import { seedCommand } from "./seed-command.ts";
import { application, dryRun, file, timeout, wait, waiting, waitTimeout, workDir } from "./shared-flags.ts";

export type WriteVerb = "create" | "update";

interface WriteForm {
  readonly arguments: readonly Argument[];
  readonly flags: readonly Flag[];
  readonly example: string;
  readonly ignoresExtra?: true;
}

const secretFlag: Flag = {
  name: "secret",
  type: "slice",
  description: "Secrets that it may read, separated by commas or by repeating the flag",
  completes: "Secret",
};

const apiFlags: readonly Flag[] = [
  {
    name: "domain",
    short: "d",
    type: "slice",
    description: "Host names; without any, paths begin with /<organization>",
  },
  { name: "path", short: "p", type: "slice", description: "Paths", default: "/" },
  {
    name: "method",
    short: "m",
    type: "slice",
    description: "HTTP methods",
    default: "GET",
    completes: ["GET", "POST", "PUT", "PATCH", "DELETE"],
  },
  { name: "https-only", type: "boolean", description: "Refuse plain http" },
  { name: "disable", type: "boolean", description: "Create it switched off" },
  { name: "cors", type: "boolean", description: "Answer browsers of other origins" },
  {
    name: "auth",
    type: "string",
    description: "Who may call: public, basic, token or slack",
    default: "public",
    completes: ["public", "basic", "token", "slack"],
  },
  {
    name: "auth-secret",
    type: "string",
    description: "Secret with the signing secret (slack) or the passwords (basic)",
    completes: "Secret",
  },
  {
    name: "raw-body",
    type: "boolean",
    description: "The function also gets the body as it was sent, of any content type",
  },
  { name: "http-response", type: "boolean", description: "The function may answer {statusCode, headers, body}" },
];

const functionFlags: readonly Flag[] = [
  { name: "image", type: "string", description: "Image it runs on", completes: "Image" },
  {
    name: "handler",
    type: "string",
    description: "Entry point; needed when PATH is a folder: ./hello.js, module.function",
  },
  { name: "schema-in", type: "string", description: "File with the JSON Schema of its input" },
  { name: "schema-out", type: "string", description: "File with the JSON Schema of its output" },
  secretFlag,
  { name: "service", type: "array", description: "Accepted, without effect", hidden: true },
  { name: "timeout", type: "integer", description: "Milliseconds after which a run is ended; 0 is none", default: "0" },
  { name: "env", type: "array", description: "Environment variable KEY=VALUE; repeatable" },
  { name: "memory", type: "integer", description: "Memory of a worker in MiB" },
  { name: "cpu", type: "string", description: "Processors of a worker: 2, 0.5" },
  { name: "pids", type: "integer", description: "Processes and threads of a worker" },
  { name: "disk", type: "integer", description: "Size of a worker's /tmp in MiB" },
  { name: "concurrency", type: "integer", description: "Workers at once" },
  { name: "network", type: "string", description: "isolated, none or host", completes: ["isolated", "none", "host"] },
  {
    name: "isolation",
    type: "string",
    description: "function: a worker serves many runs; run: each run has a fresh one",
    completes: ["function", "run"],
  },
  {
    name: "retries",
    type: "integer",
    description: "How often a run is repeated that a restart of the server interrupted",
  },
];

const eventName: Flag = { name: "name", type: "string", description: "Its name; one is made up without" };

const forms: Readonly<Record<string, WriteForm>> = {
  API: {
    arguments: [
      { name: "API_NAME", completes: "API" },
      { name: "FUNCTION_NAME", completes: "Function" },
    ],
    flags: [...apiFlags, application],
    example: "api echo echo --path /cloudmaster --method POST --https-only",
  },
  BaseImage: {
    arguments: [{ name: "IMAGE_NAME", completes: "BaseImage" }, { name: "IMAGE_URL" }],
    flags: [
      {
        name: "language",
        type: "string",
        description: languageNames.join(", ").replace(/, (\w+)$/, " or $1"),
        completes: languageNames,
      },
    ],
    example: "base-image nodejs-base dispatchframework/nodejs-base:0.0.12 --language nodejs",
  },
  Image: {
    arguments: [
      { name: "IMAGE_NAME", completes: "Image" },
      { name: "BASE_IMAGE_NAME", completes: "BaseImage" },
    ],
    flags: [
      {
        name: "runtime-deps",
        type: "string",
        description: `Dependency file of the language: ${languageNames.map((name) => languages[name].manifest).join(", ")}`,
      },
      { name: "system-deps", type: "string", description: 'JSON file {"packages": [{"name": ..., "version": ...}]}' },
      application,
    ],
    example: "image python3-cloud python3-base --runtime-deps requirements.txt",
    ignoresExtra: true,
  },
  Function: {
    arguments: [{ name: "NAME", completes: "Function" }, { name: "PATH" }],
    flags: [...functionFlags, application],
    example: "function hello hello.js --image nodejs",
  },
  Secret: {
    arguments: [{ name: "SECRET_NAME", completes: "Secret" }, { name: "SECRETS_FILE" }],
    flags: [application],
    example: "secret slack slack.json",
    ignoresExtra: true,
  },
  Subscription: {
    arguments: [{ name: "FUNCTION_NAME", completes: "Function" }],
    flags: [
      eventName,
      { name: "event-type", type: "string", description: "Event type to run for" },
      secretFlag,
      application,
    ],
    example: "subscription echo --name echo-ticks --event-type ticker.tick",
  },
  Driver: {
    arguments: [{ name: "DRIVER_TYPE", completes: "DriverType" }],
    flags: [
      eventName,
      { name: "set", short: "s", type: "array", description: "Configuration KEY=VALUE, or KEY; repeatable" },
      secretFlag,
      application,
    ],
    example: "eventdriver ticker --name every-5s --set seconds=5",
  },
  DriverType: {
    arguments: [{ name: "NAME", completes: "DriverType" }, { name: "DOCKER_IMAGE" }],
    flags: [{ name: "expose", type: "boolean", description: "Give its drivers an address" }, application],
    example: "eventdrivertype ticker dispatchframework/ticker:0.0.2",
  },
};

const verbTitles = { create: "Create", update: "Replace" } as const;

function writeCommand(kind: Kind, verb: WriteVerb): Command[] {
  const form = forms[kind.kind];
  if (!form) return [];
  const flags = [...form.flags, ...waitFlags(kind)];
  return [
    {
      name: kind.word,
      aliases: kind.aliases,
      summary: `${verbTitles[verb]} one ${kind.title}`,
      arguments: form.arguments,
      ...(form.ignoresExtra ? { ignoresExtra: true } : {}),
      flags,
      examples: [`dispatch ${verb} ${form.example}`],
      load: async () => (await import("./files.ts")).writer(kind, verb),
    },
  ];
}

function waitFlags(kind: Kind): readonly Flag[] {
  if (!kind.hasStatus) return [];
  return kind.kind === "Function" ? [wait, waitTimeout] : waiting;
}

const batchFlags = [file, workDir, dryRun, wait, waitTimeout, timeout] as const;

/** `dispatch create`. */
export const create: Command = {
  name: "create",
  summary: "Create resources",
  childWord: "resource type",
  flags: [...batchFlags, application],
  examples: ["dispatch create -f all-resources.yaml --wait", "dispatch create secret slack slack.json"],
  commands: [...resourceKinds.flatMap((kind) => writeCommand(kind, "create")), seedCommand("create")],
  load: async () => (await import("./files.ts")).batch("create"),
};

/** `dispatch update`. */
export const update: Command = {
  name: "update",
  summary: "Replace resources that exist",
  childWord: "resource type",
  flags: batchFlags,
  examples: ["dispatch update -f all-resources.yaml", "dispatch update function hello hello.js --image nodejs"],
  commands: resourceKinds.flatMap((kind) => writeCommand(kind, "update")),
  load: async () => (await import("./files.ts")).batch("update"),
};

/** `dispatch apply`. */
export const apply: Command = {
  name: "apply",
  summary: "Create resources, or replace those that exist",
  childWord: "resource type",
  flags: batchFlags,
  examples: ["dispatch apply -f all-resources.yaml --wait", "dispatch apply seed-images"],
  commands: [seedCommand("apply")],
  load: async () => (await import("./files.ts")).batch("apply"),
};
