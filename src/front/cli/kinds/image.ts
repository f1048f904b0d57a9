import { imageOperations, imageSchema } from "../../../core/images/contract.ts";
import { languageNames, languages } from "../../../core/languages/languages.ts";
import { jsonFile, textFile } from "../files/given-files.ts";
import { needed } from "../frame/command.ts";
import { CliError } from "../frame/errors.ts";
import { text as textFlag } from "../frame/flags.ts";
import { textLines } from "../output/facts.ts";
import { isObject, type JsonObject } from "../output/shape.ts";
import {
  application,
  dateColumn,
  type Kind,
  keys,
  objectOf,
  objects,
  plainStyle,
  tagsOf,
  text,
  textColumn,
  usualMessages,
  writing,
} from "./kind.ts";

const manifests = languageNames.map((name) => languages[name].manifest).join(", ");

/** Images: a base image with dependencies. */
export const image: Kind = {
  kind: "Image",
  word: "image",
  aliases: ["images"],
  title: "image",
  messages: usualMessages("image"),
  operations: imageOperations,
  schema: imageSchema,
  required: ["baseImageName"],
  derived: ["language", "dockerUrl"],
  shape: keys(
    "baseImageName createdTime? dockerUrl? groups id? kind? language? name reason runtimeDependencies? spec? status? systemDependencies? tags",
  ),
  table: {
    style: plainStyle,
    columns: [
      textColumn("Name", "name"),
      textColumn("URL", "dockerUrl"),
      textColumn("BaseImage", "baseImageName"),
      textColumn("Status", "status"),
      dateColumn("Created Date"),
    ],
  },
  summaryKey: "images",
  hasStatus: true,
  writing: writing({
    arguments: [needed("IMAGE_NAME", "Image"), needed("BASE_IMAGE_NAME", "BaseImage")],
    flags: {
      "runtime-deps": textFlag(`Dependency file of the language: ${manifests}`),
      "system-deps": textFlag('JSON file {"packages": [{"name": ..., "version": ...}]}'),
      ...application,
    },
    example: "image python3-cloud python3-base --runtime-deps requirements.txt",
    ignoresExtra: true,
    draft: ({ args: [name, baseImageName], flags, io }) => {
      const { "runtime-deps": runtime, "system-deps": system } = flags;
      const manifest = runtime && textFile(io, runtime, "failed to read runtime dependencies file");
      const packages = system && systemPackages(jsonFile(io, system, "system dependencies"), system);
      return {
        name,
        baseImageName,
        ...(manifest === undefined ? {} : { runtimeDependencies: { manifest } }),
        ...(packages === undefined ? {} : { systemDependencies: packages }),
        tags: tagsOf(flags),
      };
    },
  }),
  facts: (resource) => [
    ["Base image", [text(resource, "baseImageName")]],
    ["URL", [text(resource, "dockerUrl")]],
    ["Language", [text(resource, "language")]],
    ["Dependencies", dependencies(resource)],
  ],
  users: { Function: (functionResource) => [text(functionResource, "image")] },
};

/** `{packages: [{name, version}]}` of a system dependencies file. @throws CliError when it has another form. */
function systemPackages(parsed: unknown, path: string): JsonObject {
  const packages = objectOf(parsed).packages;
  if (Array.isArray(packages) && packages.every(isPackage)) return { packages };
  throw new CliError(
    `failed to unmarshal system dependencies file: ${path} must look like {"packages": [{"name": "curl", "version": "7.88"}]}`,
  );
}

function isPackage(entry: unknown): boolean {
  if (!isObject(entry) || typeof entry.name !== "string") return false;
  return entry.version === undefined || typeof entry.version === "string";
}

function dependencies(resource: JsonObject): readonly string[] {
  const packages = objects(objectOf(resource.systemDependencies), "packages");
  const manifest = textLines(text(objectOf(resource.runtimeDependencies), "manifest"));
  return [...manifest, ...packages.map((entry) => `${text(entry, "name")} ${text(entry, "version")}`.trim())];
}
