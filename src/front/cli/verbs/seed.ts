import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseBatch } from "../files/parse-batch.ts";
import type { BatchVerb } from "../files/run-batch.ts";
import { seedImages } from "../files/seed-images.ts";
import type { Handler } from "../frame/command.ts";
import { CliError, fileProblem } from "../frame/errors.ts";
import { sendAll } from "./batch.ts";

/** `create|apply|delete seed-images`. */
export function seed(verb: BatchVerb): Handler {
  return async (context) => {
    const path = context.flags.text("output-file");
    if (path !== undefined) return writeList(resolve(context.io.cwd, path));
    const source = { label: "seed-images", text: seedImages, beside: { folder: context.io.cwd } };
    return sendAll(context, verb, parseBatch([source], verb));
  };
}

function writeList(path: string): number {
  try {
    writeFileSync(path, seedImages, { mode: 0o644 });
    return 0;
  } catch (error) {
    throw new CliError(`cannot write ${path}: ${fileProblem(error)}`);
  }
}
