import { dirname } from "node:path";
import { functionOperations, functionSchema } from "../../../core/functions/contract.ts";
import { CliError, invalidArgument } from "../../../frame/errors.ts";
import { array, choice, integer, on, slice, text as textFlag, type Values } from "../../../frame/flags.ts";
import type { Io } from "../../../frame/io.ts";
import { jsonFile } from "../files/given-files.ts";
import { yamlText } from "../output/encode.ts";
import { isObject, type JsonObject, keysOf, number, objectOf, text } from "../output/json.ts";
import { created, defineKind } from "./kind.ts";
import { kept, keptFact, retention } from "./retention.ts";
import { fetchRuns, runLine } from "./run.ts";

const LAST_RUNS = 5;

/** The flag of everything that reads secrets. */
export const secrets = {
  secret: slice("Secrets that it may read, separated by commas or by repeating the flag", {
    key: "secrets",
    completes: "Secret",
  }),
};

export const behaviour = {
  handler: textFlag("Entry point; needed when PATH is a folder: ./hello.js, module.function"),
  "schema-in": textFlag("File with the JSON Schema of its input"),
  "schema-out": textFlag("File with the JSON Schema of its output"),
  timeout: integer("Milliseconds after which a run is ended; 0 is none", { default: 0 }),
  env: array("Environment variable KEY=VALUE; repeatable"),
  memory: integer("Memory of a worker in MiB"),
  cpu: textFlag("Processors of a worker: 2, 0.5"),
  pids: integer("Processes and threads of a worker"),
  disk: integer("Size of a worker's /tmp in MiB"),
  network: choice("", ["isolated", "none", "host"]),
};

type Named = Readonly<Record<"name" | "path" | "handler", string>>;
type Behaviour = Values<typeof behaviour> & { readonly concurrency?: number | undefined };

/** A function's body with its source, without the image it runs on. @throws CliError */
export async function functionBody({ name, path, handler }: Named, flags: Behaviour, io: Io): Promise<JsonObject> {
  const { memory, cpu, pids, disk, concurrency } = flags;
  const { packSource } = await import("../files/pack-source.ts");
  return {
    name,
    handler,
    source: await packSource({ name, path, root: io.cwd, handler }),
    schema: { in: schemaOf(io, flags["schema-in"]), out: schemaOf(io, flags["schema-out"]) },
    timeout: flags.timeout,
    env: given(flags.env.map(variable)),
    limits: given(Object.entries({ memory, cpu: processors(cpu), pids, disk, concurrency })),
    network: flags.network,
    reason: null,
  };
}

export const functionKind = defineKind({
  kind: "Function",
  word: "function",
  operations: functionOperations,
  schema: functionSchema,
  // Sources are taken, never handed out.
  derived: ["source", "sourceURL", "sourcePath", "services"],
  shape:
    "source? sourceURL? sourcePath? createdTime? faasId? id? image functionImageURL? kind? handler modifiedTime? name reason schema? secrets services status? timeout? tags",
  nested: { schema: "in?? out??" },
  columns: { Name: "name", FunctionImage: "functionImageURL", Status: "status", "Created Date": created },
  hasStatus: true,
  arguments: { name: ["NAME", "Function"], path: ["PATH"] },
  flags: {
    image: textFlag("Image it runs on", { completes: "Image" }),
    ...behaviour,
    ...secrets,
    service: array("Accepted, without effect", { key: "services", hidden: true }),
    concurrency: integer("Workers at once"),
    "min-warm": integer("Workers that are kept although nobody calls"),
    isolation: textFlag("function: a worker serves many runs; run: each run has a fresh one", {
      completes: ["function", "run"],
    }),
    retries: integer("Further attempts for a run that nobody waits for, after faults of the system and restarts"),
    "retry-function-errors": on("The function's own errors are a reason for another attempt, too"),
    ...retention,
  },
  examples: ["function hello hello.js --image nodejs"],
  draft: async ({ args: [name = "", path = ""], flags, io }) => ({
    image: flags.image ?? "",
    ...(await functionBody({ name, path, handler: flags.handler ?? "" }, flags, io)),
    ...kept(flags),
  }),
  notes: ({ image }) =>
    image === "" ? ["no image is named, so it cannot run: name one with --image, such as nodejs"] : [],
  facts: {
    Image: "image",
    Handler: "handler",
    Revision: "faasId",
    Timeout: (resource) => (number(resource, "timeout") ? `${text(resource, "timeout")} ms` : ""),
    Limits: (resource) => Object.entries(objectOf(resource.limits)).map(limit).join(", "),
    Network: "network",
    "Kept warm": "minWarm",
    Isolation: "isolation",
    Retries: "retries",
    "Runs kept": keptFact,
    // Values may be secret.
    Environment: (resource) => keysOf(resource.env),
    Schema: ({ schema }) => ["in", "out"].filter((side) => isObject(objectOf(schema)[side])).join(", "),
    Secrets: "secrets",
  },
  history: async (context, resource) => {
    const runs = await fetchRuns(context, { functionName: text(resource, "name"), limit: LAST_RUNS });
    return [["Last runs", runs.length === 0 ? ["none"] : runs.slice(0, LAST_RUNS).map(runLine)]];
  },
  oneOf: ["sourcePath", "source", "sourceURL"],
  complete: async ({ sourcePath, ...body }, file) => {
    if (typeof sourcePath !== "string" || sourcePath === "") return body;
    const [name, handler] = [text(body, "name"), text(body, "handler")];
    const { packSource } = await import("../files/pack-source.ts");
    const source = await file(sourcePath, (path) =>
      packSource({ name, path, root: dirname(path), handler, shown: sourcePath }),
    );
    return { handler, ...body, source };
  },
  untold: "Sources of functions are not compared: the server hands none out.",
  edited: async (spec, source) =>
    `${await yamlText(spec)}# The server keeps sources to itself: name the file or folder that it is made from.\n${await yamlText({ sourcePath: source })}`,
  users: { API: "function", Subscription: "function", Alert: "function" },
});

function schemaOf(io: Io, path: string | undefined): unknown {
  return jsonFile(io, path, `error when reading content of ${path}`, `error when parsing JSON from ${path}`);
}

/** Those of the values that were given; undefined when none was. */
function given(values: readonly (readonly [string, unknown])[]): JsonObject | undefined {
  const some = values.filter(([, value]) => value !== undefined);
  return some.length > 0 ? Object.fromEntries(some) : undefined;
}

function processors(word: string | undefined): number | undefined {
  if (word === undefined) return undefined;
  if (Number(word) > 0) return Number(word);
  throw invalidArgument("--cpu", word, "a number above 0 is needed, like 2 or 0.5");
}

function variable(pair: string): readonly [string, string] {
  const [key = "", ...value] = pair.split("=");
  // A value alone may be secret: it is not repeated.
  if (key === "" || value.length === 0) throw new CliError("invalid value for --env: it must be KEY=VALUE");
  return [key, value.join("=")];
}

const units: Readonly<Record<string, string>> = { memory: " MiB", disk: " MiB" };

function limit([name, value]: readonly [string, unknown]): string {
  return `${name} ${String(value)}${units[name] ?? ""}`;
}
