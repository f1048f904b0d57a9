/** The files that a resource names: beside its own file first, then below --work-dir, then below the current folder. */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, isAbsolute, join, resolve } from "node:path";
import { CliError } from "../../../frame/errors.ts";
import type { JsonObject } from "../output/json.ts";
import { fetchUrl, searchFolders } from "./batch-source.ts";
import type { BatchResource } from "./parse-batch.ts";

/** The body with the files read that it names. @throws CliError when a file is missing or unusable. */
export async function completeBody(resource: BatchResource, cwd: string, workDir?: string): Promise<JsonObject> {
  const { kind, body, source } = resource;
  const below = [...("folder" in source.beside ? [source.beside.folder] : []), ...searchFolders(cwd, workDir)];
  return kind.complete?.(body, (path, use) => withFile(resource, path, below, use)) ?? body;
}

/**
 * Calls `use` with the path of a file or folder; one that stands beside a URL is there only during the call.
 * @throws CliError that says where it was looked for.
 */
async function withFile<T>(
  resource: BatchResource,
  path: string,
  below: readonly string[],
  use: (found: string) => Promise<T> | T,
): Promise<T> {
  const beside = resource.source.beside;
  if ("url" in beside && !isAbsolute(path)) {
    const url = new URL(path, beside.url).href;
    const answer = await fetchUrl(url);
    if (answer.ok) return withDownload(basename(new URL(url).pathname), answer.bytes, use);
  }
  return use(localFile(resource, path, below));
}

function localFile({ place, source: { beside } }: BatchResource, path: string, below: readonly string[]): string {
  const tried = [...new Set(below.map((folder) => resolve(folder, path)))];
  const found = tried.find((candidate) => existsSync(candidate));
  if (found !== undefined) return found;
  const online = "url" in beside ? [new URL(path, beside.url).href] : [];
  throw new CliError(`${place}: ${JSON.stringify(path)} does not exist; looked at ${[...online, ...tried].join(", ")}`);
}

async function withDownload<T>(name: string, bytes: Buffer, use: (found: string) => Promise<T> | T): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-"));
  try {
    await writeFile(join(folder, name), bytes);
    return await use(join(folder, name));
  } finally {
    await rm(folder, { recursive: true });
  }
}
