/** The files that a resource names: beside its own file first, then below --work-dir, then below the current folder. */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, isAbsolute, join, resolve } from "node:path";
import { CliError } from "../../../frame/errors.ts";
import type { NamedFile } from "../kinds/kind.ts";
import type { JsonObject } from "../output/json.ts";
import { fetchUrl, searchFolders } from "./batch-source.ts";
import type { BatchResource } from "./parse-batch.ts";

/** The body with the files read that it names. @throws CliError when a file is missing or unusable. */
export async function completeBody(resource: BatchResource, cwd: string, workDir?: string): Promise<JsonObject> {
  const { kind, body, source } = resource;
  const { beside } = source;
  const below = [...("folder" in beside ? [beside.folder] : []), ...searchFolders(cwd, workDir)];
  const file: NamedFile = async (path, use) => {
    if ("url" in beside && !isAbsolute(path)) {
      const url = new URL(path, beside.url);
      const answer = await fetchUrl(url.href);
      if (answer.ok) return withDownload(basename(url.pathname), answer.bytes, use);
    }
    return use(localFile(resource, path, below));
  };
  return kind.complete?.(body, file) ?? body;
}

/** @throws CliError that says where it was looked for. */
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
