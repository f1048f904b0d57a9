/** What `create` and `update` send: the body, made from arguments, flags and files. */
import { argument, type Context } from "../frame/context.ts";
import type { JsonObject } from "../output/shape.ts";
import { jsonFile, pemFile, secretValues, textFile } from "./draft-files.ts";
import { functionDraft } from "./function-draft.ts";
import type { Kind } from "./kind.ts";
import { randomName } from "./random-name.ts";
import { systemPackages } from "./system-packages.ts";
import { tagsOf } from "./tags.ts";

type Draft = (context: Context) => JsonObject | Promise<JsonObject>;

const drafts: Readonly<Record<string, Draft>> = {
  API: apiDraft,
  BaseImage: (context) => ({
    name: argument(context, 0),
    dockerUrl: argument(context, 1),
    language: context.flags.text("language") ?? "",
    tags: [],
  }),
  Image: imageDraft,
  Function: functionDraft,
  Secret: async (context) => ({
    name: argument(context, 0),
    secrets: await secretValues(context.io, argument(context, 1)),
    tags: tagsOf(context),
  }),
  Subscription: (context) => ({
    name: context.flags.text("name") ?? randomName(),
    eventType: context.flags.text("event-type") ?? "",
    function: argument(context, 0),
    secrets: context.flags.list("secret"),
    tags: tagsOf(context),
  }),
  Driver: (context) => ({
    name: context.flags.text("name") ?? randomName(),
    type: argument(context, 0),
    config: context.flags.list("set").map(setting),
    secrets: context.flags.list("secret"),
    tags: tagsOf(context),
  }),
  DriverType: (context) => ({
    name: argument(context, 0),
    image: argument(context, 1),
    expose: context.flags.on("expose"),
    config: [],
    tags: tagsOf(context),
  }),
  Policy: (context) => ({
    name: argument(context, 0),
    global: context.flags.on("global"),
    rules: [
      {
        subjects: context.flags.list("subject"),
        actions: context.flags.list("action"),
        resources: context.flags.list("resource"),
      },
    ],
  }),
  ServiceAccount: (context) => ({
    name: argument(context, 0),
    publicKey: pemFile(context.io, context.flags.text("public-key")),
  }),
  Organization: (context) => ({ name: argument(context, 0) }),
};

/** The body for one resource. @throws CliError when a file cannot be used. */
export async function draftOf(kind: Kind, context: Context): Promise<JsonObject> {
  const draft = drafts[kind.kind];
  if (!draft) throw new Error(`no draft for ${kind.kind}`);
  return draft(context);
}

function apiDraft(context: Context): JsonObject {
  const { flags } = context;
  const secret = flags.text("auth-secret");
  return {
    name: argument(context, 0),
    function: argument(context, 1),
    authentication: flags.text("auth") ?? "public",
    ...(secret === undefined ? {} : { authenticationSecret: secret }),
    cors: flags.on("cors"),
    enabled: !flags.on("disable"),
    hosts: flags.list("domain"),
    ...(flags.on("http-response") ? { httpResponse: true } : {}),
    methods: flags.list("method", ["GET"]),
    ...(flags.on("raw-body") ? { rawBody: true } : {}),
    protocols: flags.on("https-only") ? ["https"] : ["http", "https"],
    tags: tagsOf(context),
    uris: flags.list("path", ["/"]),
  };
}

function imageDraft(context: Context): JsonObject {
  const { flags, io } = context;
  const runtime = flags.text("runtime-deps");
  const system = flags.text("system-deps");
  return {
    name: argument(context, 0),
    baseImageName: argument(context, 1),
    ...(runtime === undefined
      ? {}
      : { runtimeDependencies: { manifest: textFile(io, runtime, "failed to read runtime dependencies file") } }),
    ...(system === undefined
      ? {}
      : { systemDependencies: systemPackages(jsonFile(io, system, "system dependencies"), system) }),
    tags: tagsOf(context),
  };
}

function setting(text: string): JsonObject {
  const at = text.indexOf("=");
  return at < 0 ? { key: text, value: "" } : { key: text.slice(0, at), value: text.slice(at + 1) };
}
