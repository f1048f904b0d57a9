import { imageOperations, imageSchema } from "../../../core/images/contract.ts";
import { languageNames, languages } from "../../../core/languages/languages.ts";
import { CliError } from "../../../frame/errors.ts";
import { text as textFlag } from "../../../frame/flags.ts";
import type { Io } from "../../../frame/io.ts";
import { jsonFile, textFile } from "../files/given-files.ts";
import { readText } from "../files/read-text.ts";
import { textLines } from "../output/facts.ts";
import { isObject, type JsonObject, objectOf, objectsOf, text } from "../output/json.ts";
import { created, defineKind } from "./kind.ts";

const manifests = languageNames.map((name) => languages[name].manifest).join(", ");

/** Images: a base image with dependencies. */
export const image = defineKind({
  kind: "Image",
  word: "image",
  operations: imageOperations,
  schema: imageSchema,
  derived: ["language", "dockerUrl"],
  shape:
    "baseImageName createdTime? dockerUrl? groups id? kind? language? name reason runtimeDependencies? spec? status? systemDependencies? tags",
  columns: { Name: "name", URL: "dockerUrl", BaseImage: "baseImageName", Status: "status", "Created Date": created },
  hasStatus: true,
  arguments: { name: ["IMAGE_NAME", "Image"], baseImageName: ["BASE_IMAGE_NAME", "BaseImage"] },
  flags: {
    "runtime-deps": textFlag(`Dependency file of the language: ${manifests}`),
    "system-deps": textFlag('JSON file {"packages": [{"name": ..., "version": ...}]}'),
  },
  examples: ["image python3-cloud python3-base --runtime-deps requirements.txt"],
  ignoresExtra: true,
  draft: ({ flags: { "runtime-deps": runtime, "system-deps": system }, io }) => ({
    runtimeDependencies: runtime && { manifest: textFile(io, runtime, "failed to read runtime dependencies file") },
    systemDependencies: system && systemPackages(io, system),
  }),
  facts: { "Base image": "baseImageName", URL: "dockerUrl", Language: "language", Dependencies: dependencies },
  users: { Function: "image" },
  complete: async (body, file) => {
    const { manifest } = objectOf(body.runtimeDependencies);
    if (typeof manifest !== "string" || !manifest.startsWith("@")) return body;
    const read = (path: string): string => readText(path, path, `Error when reading content of ${path}`);
    return { ...body, runtimeDependencies: { manifest: await file(manifest.slice(1), read) } };
  },
});

/** `{packages: [{name, version}]}` of a system dependencies file. @throws CliError when it has another form. */
function systemPackages(io: Io, path: string): JsonObject {
  const wrong = `failed to unmarshal system dependencies file: ${path}`;
  const { packages } = objectOf(jsonFile(io, path, "failed to read system dependencies file", wrong));
  if (Array.isArray(packages) && packages.every(isPackage)) return { packages };
  throw new CliError(`${wrong} must look like {"packages": [{"name": "curl", "version": "7.88"}]}`);
}

function isPackage(entry: unknown): boolean {
  if (!isObject(entry) || typeof entry.name !== "string") return false;
  return entry.version === undefined || typeof entry.version === "string";
}

function dependencies(resource: JsonObject): readonly string[] {
  const packages = objectsOf(objectOf(resource.systemDependencies).packages);
  const manifest = textLines(text(objectOf(resource.runtimeDependencies), "manifest"));
  return [...manifest, ...packages.map((entry) => `${text(entry, "name")} ${text(entry, "version")}`.trim())];
}
