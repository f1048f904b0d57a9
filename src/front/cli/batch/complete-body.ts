import { dirname } from "node:path";
import { CliError, fileProblem } from "../errors.ts";
import { isObject, type JsonObject } from "../output/shape.ts";
import { packSource } from "../source/pack-source.ts";
import { readUtf8, type SearchFolders, withFile } from "./find-file.ts";
import type { BatchResource } from "./parse-batch.ts";

/** The body with its source packed and its `@file` read. @throws CliError when a file is missing or unusable. */
export async function completeBody(resource: BatchResource, folders: SearchFolders): Promise<JsonObject> {
  if (resource.kind.kind === "Function") return withSource(resource, folders);
  return resource.kind.kind === "Image" ? withManifest(resource, folders) : resource.body;
}

async function withSource(resource: BatchResource, folders: SearchFolders): Promise<JsonObject> {
  const { sourcePath, ...body } = resource.body;
  if (typeof sourcePath !== "string" || sourcePath === "") return body;
  const handler = typeof body.handler === "string" ? body.handler : "";
  const source = await withFile(resource, sourcePath, folders, (found) =>
    packSource({ name: resource.name, path: found, root: dirname(found), handler, shown: sourcePath }),
  );
  return { handler, ...body, source };
}

async function withManifest(resource: BatchResource, folders: SearchFolders): Promise<JsonObject> {
  const dependencies = resource.body.runtimeDependencies;
  const manifest = isObject(dependencies) ? dependencies.manifest : undefined;
  if (typeof manifest !== "string" || !manifest.startsWith("@")) return resource.body;
  const path = manifest.slice(1);
  const text = await withFile(resource, path, folders, readManifest);
  return { ...resource.body, runtimeDependencies: { manifest: text } };
}

function readManifest(path: string): string {
  try {
    return readUtf8(path);
  } catch (error) {
    throw new CliError(`Error when reading content of ${path}: ${fileProblem(error)}`);
  }
}
