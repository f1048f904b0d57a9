import { packSource } from "../files/pack-source.ts";
import { argument, type Context } from "../frame/context.ts";
import { CliError, UsageError } from "../frame/errors.ts";
import type { JsonObject } from "../output/shape.ts";
import { schemaFile } from "./draft-files.ts";
import { tagsOf } from "./tags.ts";

/** The body of `create function NAME PATH`. */
export async function functionDraft(context: Context): Promise<JsonObject> {
  const { flags, io } = context;
  const [name, path] = [argument(context, 0), argument(context, 1)];
  const handler = flags.text("handler") ?? "";
  const limits = limitsOf(context);
  return {
    name,
    image: flags.text("image") ?? "",
    handler,
    source: await packSource({ name, path, root: io.cwd, handler }),
    schema: { in: schemaFile(io, flags.text("schema-in")), out: schemaFile(io, flags.text("schema-out")) },
    secrets: flags.list("secret"),
    services: flags.list("service"),
    timeout: flags.integer("timeout") ?? 0,
    ...(flags.given("env") ? { env: environment(flags.list("env")) } : {}),
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
    ...(flags.given("network") ? { network: flags.text("network") } : {}),
    ...(flags.given("isolation") ? { isolation: flags.text("isolation") } : {}),
    ...(flags.given("retries") ? { retries: flags.integer("retries") } : {}),
    reason: null,
    tags: tagsOf(context),
  };
}

function limitsOf(context: Context): JsonObject {
  const { flags } = context;
  const cpu = flags.text("cpu");
  const all = {
    memory: flags.integer("memory"),
    cpu: cpu === undefined ? undefined : processors(cpu),
    pids: flags.integer("pids"),
    disk: flags.integer("disk"),
    concurrency: flags.integer("concurrency"),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function processors(text: string): number {
  const count = Number(text);
  if (text.trim() !== "" && count > 0) return count;
  throw new UsageError(
    `invalid argument ${JSON.stringify(text)} for "--cpu" flag: a number above 0 is needed, like 2 or 0.5`,
  );
}

function environment(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(pairs.map(variable));
}

function variable(pair: string): readonly [string, string] {
  const at = pair.indexOf("=");
  // A value alone may be secret: it is not repeated.
  if (at < 1) throw new CliError("invalid value for --env: it must be KEY=VALUE");
  return [pair.slice(0, at), pair.slice(at + 1)];
}
