import type { Settings } from "../frame/settings.ts";

export type OutputFormat = "table" | "json" | "yaml" | "name";

/** The format that flags, environment or context ask for; undefined for an unknown word. JSON wins over YAML. */
export function outputFormat(settings: Pick<Settings, "json" | "output">): OutputFormat | undefined {
  const word = settings.output.toLowerCase();
  if (settings.json || word.includes("json")) return "json";
  if (word.includes("yaml")) return "yaml";
  if (word === "" || word === "table") return "table";
  return word === "name" ? "name" : undefined;
}

/** What an unknown word is answered with. */
export const invalidFormat = "invalid format option [yaml|json|table|name]\n";
