import { CliError } from "../frame/errors.ts";
import { isObject, type JsonObject } from "../output/shape.ts";

/** `{packages: [{name, version}]}` of a system dependencies file. @throws CliError when it has another form. */
export function systemPackages(parsed: unknown, path: string): JsonObject {
  const packages = isObject(parsed) ? parsed.packages : undefined;
  if (Array.isArray(packages) && packages.every(isPackage)) return { packages };
  throw new CliError(
    `failed to unmarshal system dependencies file: ${path} must look like {"packages": [{"name": "curl", "version": "7.88"}]}`,
  );
}

function isPackage(entry: unknown): boolean {
  if (!isObject(entry) || typeof entry.name !== "string") return false;
  return entry.version === undefined || typeof entry.version === "string";
}
