/** `create|apply|delete seed-images` (cli-and-runtimes.md 1.10). */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { CliError, fileProblem } from "../../../frame/errors.ts";
import { text } from "../../../frame/flags.ts";
import { type Command, command } from "../context/context.ts";
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
      const { parseBatch } = await import("../files/parse-batch.ts");
      const source = { label: "seed-images", text: seedImages, beside: { folder: context.io.cwd } };
      return sendAll(context, verb, flags, parseBatch([source], verb));
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

/** By language: the tag of its base image. */
const tags = { nodejs: "0.0.12", python3: "0.0.13", powershell: "0.0.13", java: "0.0.13" };

const baseImages = Object.entries(tags).map(
  ([language, tag]) =>
    `kind: BaseImage\nname: ${language}-base\ndockerUrl: dispatchframework/${language}-base:${tag}\nlanguage: ${language}\n`,
);

const images = Object.keys(tags).map((language) => {
  const dependencies = language === "python3" ? "runtimeDependencies:\n  manifest: requests\n" : "";
  return `kind: Image\nname: ${language}\nbaseImageName: ${language}-base\n${dependencies}`;
});

const seedImages = [...baseImages, ...images].join("---\n");
