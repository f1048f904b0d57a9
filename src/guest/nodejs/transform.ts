/**
 * Makes JavaScript of the TypeScript of a function: `node transform.ts ESBUILD FOLDER FILE...` writes each file, under its own
 * name, to the folder `compiled`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SOURCE_MAPS } from "./source-maps.ts";

const OUTPUT = "compiled";
const [esbuild = "", folder = "", ...files] = process.argv.slice(2);

const write = (file: string, content: string | Buffer): void => {
  const target = join(OUTPUT, file);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content);
};

const config = join(folder, "tsconfig.json");
const options = existsSync(config) ? [`--tsconfig-raw=${readFileSync(config, "utf8").replace(/^\uFEFF/, "")}`] : [];

const transform = (file: string, text: string): void => {
  // Paths of a source map are relative to its file.
  const root = "../".repeat(file.split("/").length - 1);
  const args = [
    ...["--loader=ts", `--target=node${process.versions.node}`, "--color=false", "--log-level=error", ...options],
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
