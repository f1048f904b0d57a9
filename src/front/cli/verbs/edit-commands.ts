import type { Command } from "../frame/command.ts";
import { file, workDir } from "./shared-flags.ts";

/** `dispatch edit`. */
export const edit: Command = {
  name: "edit",
  summary: "Change a resource in your editor ($EDITOR, else vi)",
  arguments: [
    { name: "TYPE", completes: "type" },
    { name: "NAME", completes: "name of type" },
  ],
  flags: [workDir, { name: "source", type: "string", description: "Source of the function: a file or folder" }],
  examples: ["dispatch edit api cloudmaster", "EDITOR='code --wait' dispatch edit function echo --source echo.js"],
  load: async () => (await import("./files.ts")).edit,
};

/** `dispatch diff`. */
export const diff: Command = {
  name: "diff",
  summary: "Show what apply would change; exit with 0 for nothing, 1 for something, 2 for an error",
  flags: [file, workDir],
  errorStatus: 2,
  examples: ["dispatch diff -f all-resources.yaml", "dispatch diff -f resources/ -o name"],
  load: async () => (await import("./files.ts")).diff,
};
