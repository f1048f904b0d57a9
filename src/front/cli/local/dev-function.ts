/** The function that `dev` deploys: what is on the server of it stays as it is, unless flags and files say otherwise. */
import type { Values } from "../../../frame/flags.ts";
import type { Context } from "../context/context.ts";
import { secretValues } from "../files/given-files.ts";
import { functionBody, functionKind } from "../kinds/function.ts";
import { findOne } from "../kinds/resources.ts";
import { isObject, type JsonObject, list, text } from "../output/json.ts";
import type { ofFile } from "./flags.ts";
import { type FunctionPath, functionPath, manifestOf, nameOf } from "./function-path.ts";

export type DevFlags = Values<typeof ofFile> & Readonly<Record<"name" | "image", string | undefined>>;

/** What is to be on the server. */
export interface Wanted {
  readonly body: JsonObject;
  /** The values of the secret that holds those of the files; undefined without files. */
  readonly secrets: Readonly<Record<string, string>> | undefined;
  /** Of the image that is to be built for it; undefined when it has one. */
  readonly manifest: string | undefined;
}

export interface DevFunction {
  readonly name: string;
  readonly path: string;
  readonly file: FunctionPath;
  /** Reads the files. @throws CliError when one cannot be used */
  wanted(): Promise<Wanted>;
}

/** What a function keeps when it is saved anew. */
const KEPT =
  "image handler schema secrets timeout env limits minWarm network isolation retries retryFunctionErrors tags".split(
    " ",
  );

/** @throws CliError, UsageError when the path cannot be a function */
export async function developed(context: Context, path: string, flags: DevFlags): Promise<DevFunction> {
  const { io } = context;
  const name = flags.name ?? nameOf(io.cwd, path);
  const before = (await findOne(context, functionKind, name)) ?? {};
  const handler = flags.handler ?? (text(before, "handler") || undefined);
  const file = await functionPath(io.cwd, path, { ...flags, handler });
  const image = flags.image ?? (text(before, "image") || undefined);
  const wanted = async (): Promise<Wanted> => {
    const body = await functionBody({ ...file, name }, flags, io);
    const values = await Promise.all(flags.secret.map((one) => secretValues(io, one)));
    const manifest = image === undefined || image === imageName(name) ? manifestOf(file) : undefined;
    const built = manifest === undefined ? file.language : imageName(name);
    const secrets = [...new Set([...list(before, "secrets"), ...(values.length > 0 ? [secretName(name)] : [])])];
    return {
      body: { ...kept(before), ...given(body), image: image ?? built, secrets },
      secrets: values.length > 0 ? Object.assign({}, ...values) : undefined,
      manifest,
    };
  };
  return { name, path, file, wanted };
}

/** Beside a function that `dev` made. */
export const secretName = (name: string): string => `${name}-dev`;
export const imageName = (name: string): string => `${name}-dev`;

function kept(before: JsonObject): JsonObject {
  return Object.fromEntries(
    KEPT.flatMap((key) => (before[key] === undefined || before[key] === null ? [] : [[key, before[key]]])),
  );
}

/** What flags and files say; a flag that was not given says nothing. */
function given({ timeout, schema, ...rest }: JsonObject): JsonObject {
  const hasSchema = isObject(schema) && (schema.in !== null || schema.out !== null);
  const said = { ...rest, timeout: timeout || undefined, schema: hasSchema ? schema : undefined };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined));
}
