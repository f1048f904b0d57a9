import { dirname } from "node:path";
import { isObject, type JsonObject } from "../output/shape.ts";
import { type SearchFolders, withFile } from "./find-file.ts";
import { packSource } from "./pack-source.ts";
import type { BatchResource } from "./parse-batch.ts";
import { readText } from "./read-text.ts";

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
  const text = await withFile(resource, path, folders, (found) =>
    readText(found, found, `Error when reading content of ${found}`),
  );
  return { ...resource.body, runtimeDependencies: { manifest: text } };
}
