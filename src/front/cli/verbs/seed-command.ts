import type { Command } from "../frame/command.ts";
import { waiting } from "./shared-flags.ts";

/** `create|apply|delete seed-images` (cli-and-runtimes.md 1.10). */
export function seedCommand(verb: "create" | "apply" | "delete"): Command {
  const outputFile = {
    name: "output-file",
    short: "O",
    type: "string",
    description: "Only write the list to this file, as YAML",
  } as const;
  return {
    name: "seed-images",
    aliases: ["seed"],
    summary: "The base images and images to begin with: Node.js, Python, PowerShell, Java",
    flags: verb === "delete" ? [] : [outputFile, ...waiting],
    examples: [`dispatch ${verb} seed-images`],
    load: async () => (await import("./files.ts")).seed(verb),
  };
}
