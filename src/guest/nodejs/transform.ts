/**
 * Makes JavaScript of the TypeScript of a function: `node transform.ts ESBUILD FOLDER FILE...` writes each file, under its own
 * name, to the folder `compiled`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { withoutComments } from "./json-comments.ts";
import { SOURCE_MAPS } from "./source-maps.ts";

const OUTPUT = "compiled";
const [esbuild = "", folder = "", ...files] = process.argv.slice(2);

const write = (file: string, content: string | Buffer): void => {
  const target = join(OUTPUT, file);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content);
};

/** Bytes that Linux takes as one argument of a program, and some room. */
const LONGEST_ARGUMENT = 100_000;

/** A long tsconfig.json (lists of files, paths) without what esbuild does not read of it. One that cannot be read is left to esbuild to judge. */
const shortened = (text: string): string => {
  if (Buffer.byteLength(text) <= LONGEST_ARGUMENT) return text;
  const { compilerOptions = {} } = JSON.parse(withoutComments(text)) as { compilerOptions?: Record<string, unknown> };
  const { paths: _paths, ...read } = compilerOptions;
  return JSON.stringify({ compilerOptions: read });
};

const configuration = (): string[] => {
  const file = join(folder, "tsconfig.json");
  if (!existsSync(file)) return [];
  const text = shortened(readFileSync(file, "utf8").replace(/^\uFEFF/, ""));
  if (Buffer.byteLength(text) <= LONGEST_ARGUMENT) return [`--tsconfig-raw=${text}`];
  throw new Error(`its compilerOptions have more than ${LONGEST_ARGUMENT} bytes`);
};

const configurationOrEnd = (): string[] => {
  try {
    return configuration();
  } catch (error) {
    process.stderr.write(`tsconfig.json: ${(error as Error).message}\n`);
    return process.exit(1);
  }
};

const options = configurationOrEnd();

const transform = (file: string, text: string): void => {
  // Paths of a source map are relative to its file.
  const root = "../".repeat(file.split("/").length - 1);
  const args = [
    ...[
      `--loader=${file.endsWith(".tsx") ? "tsx" : "ts"}`,
      `--target=node${process.versions.node}`,
      "--color=false",
      "--log-level=error",
      ...options,
    ],
    ...[`--sourcefile=${file}`, "--sourcemap=inline", "--sources-content=false"],
    ...(root === "" ? [] : [`--source-root=${root}`]),
  ];
  const { status, stdout, stderr, error } = spawnSync(esbuild, args, {
    input: text,
    maxBuffer: Number.POSITIVE_INFINITY,
  });
  if (error !== undefined) throw error;
  if (status !== 0) {
    process.stderr.write(stderr);
    process.exitCode = 1;
  } else write(file, stdout);
};

for (const file of files) transform(file, readFileSync(join(folder, file), "utf8"));
write(SOURCE_MAPS, "");
