/** `create|apply|delete seed-images` (cli-and-runtimes.md 1.10). */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Command, command } from "../frame/context.ts";
import { CliError, fileProblem } from "../frame/errors.ts";
import { text } from "../frame/flags.ts";
import { type BatchVerb, sendAll } from "./batch.ts";
import { waiting } from "./flags.ts";

const outputFile = { "output-file": text("Only write the list to this file, as YAML", { short: "O" }) };

/** The images to begin with; the same below each verb. */
export function seedCommand(verb: BatchVerb): Command {
  return command({
    name: "seed-images",
    aliases: ["seed"],
    summary: "The base images and images to begin with: Node.js, Python, PowerShell, Java",
    flags: (verb === "delete" ? {} : { ...outputFile, ...waiting }) as typeof outputFile & Partial<typeof waiting>,
    examples: [`dispatch ${verb} seed-images`],
    run: async ({ flags, ...context }) => {
      const path = flags["output-file"];
      if (path !== undefined) return writeList(resolve(context.io.cwd, path));
      const { parseBatch } = await import("../files/resource-files.ts");
      const source = { label: "seed-images", text: seedImages, beside: { folder: context.io.cwd } };
      return sendAll(context, verb, { "work-dir": undefined, ...flags }, parseBatch([source], verb));
    },
  });
}

function writeList(path: string): number {
  try {
    writeFileSync(path, seedImages, { mode: 0o644 });
    return 0;
  } catch (error) {
    throw new CliError(`cannot write ${path}: ${fileProblem(error)}`);
  }
}

/** As a resource file. */
const seedImages = `kind: BaseImage
name: nodejs-base
dockerUrl: dispatchframework/nodejs-base:0.0.12
language: nodejs
---
kind: BaseImage
name: python3-base
dockerUrl: dispatchframework/python3-base:0.0.13
language: python3
---
kind: BaseImage
name: powershell-base
dockerUrl: dispatchframework/powershell-base:0.0.13
language: powershell
---
kind: BaseImage
name: java-base
dockerUrl: dispatchframework/java-base:0.0.13
language: java
---
kind: Image
name: nodejs
baseImageName: nodejs-base
---
kind: Image
name: python3
baseImageName: python3-base
runtimeDependencies:
  manifest: requests
---
kind: Image
name: powershell
baseImageName: powershell-base
---
kind: Image
name: java
baseImageName: java-base
`;
