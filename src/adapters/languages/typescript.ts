/**
 * TypeScript that is more than JavaScript with types: enums, namespaces, parameter properties, decorators, JSX and the like. Node.js itself
 * only takes types away, so esbuild makes JavaScript of the files of such a function, in the sandbox. Others need no such step.
 */
import { createRequire } from "node:module";
import type { SourceFile } from "../../core/shared/source-file.ts";
import { defaultGuestFolder, entryOf, GUEST_AT } from "../runtime/process/guest-files.ts";
import type { Compiler } from "./language.ts";

const ESBUILD_AT = "/opt/dispatch/esbuild";
const OUTPUT = "compiled/";

/** Bytes of TypeScript that are looked through, on the thread that answers others: a larger source is transformed in any case. */
const MOST_LOOKED_AT = 2 * 1024 * 1024;

/**
 * What may stand for such code, found in linear time: each pattern begins at its rarest letters and looks back from there.
 * A file that has it by chance, in a comment, costs its deployment a moment.
 */
const MORE_THAN_TYPES = [
  /\b(enum|namespace|module)\s+[\w$"']/,
  // Parameters that are properties: behind a bracket or comma, or on a line of their own, which is no method or `field;`.
  /(?<=[(,]\s*)(public|private|protected|readonly|override)\s/,
  /(?<=^[ \t]*)(public|private|protected|readonly|override)\s[^;\n]*[^;{\n]$/m,
  /(?<=(^|[{};(,])[ \t]*)@[\w$(]/m,
  /\bimport\s+(type\s+)?[\w$]+\s{0,9}=/,
  /\bexport\s{0,9}=/,
  /(?<=([=(,?&|[]|\breturn)\s{0,9})<[\w$.[\]]+>\s{0,9}[\w$({["'`]/,
];

function isMoreThanTypes({ bytes }: SourceFile): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  return MORE_THAN_TYPES.some((pattern) => pattern.test(text));
}

const isTypeScript = (path: string): boolean => /(?<!\.d)\.([mc]?ts|tsx)$/.test(path);

/** JSX is no JavaScript. */
const hasElements = (path: string): boolean => path.endsWith(".tsx");

/** The program of esbuild's own package for this machine. */
function esbuildProgram(): string {
  const beside = createRequire(createRequire(import.meta.url).resolve("esbuild/package.json"));
  return beside.resolve(`@esbuild/${process.platform}-${process.arch}/bin/esbuild`);
}

const guests = () => ({ source: defaultGuestFolder(), target: GUEST_AT });
const esbuild = () => ({ source: esbuildProgram(), target: ESBUILD_AT });

export const typescript: Compiler = {
  name: "esbuild",
  isSource: isTypeScript,
  isNeeded: (files) => {
    const sources = files.filter(({ path }) => isTypeScript(path));
    const size = sources.reduce((sum, { bytes }) => sum + bytes.length, 0);
    return sources.some(({ path }) => hasElements(path)) || size > MOST_LOOKED_AT || sources.some(isMoreThanTypes);
  },
  outputName: "compiled",
  imageModules: "node_modules",
  binds: () => [guests(), esbuild()],
  args: ({ sources, folder, sandbox }) => [
    "--no-warnings",
    entryOf(sandbox, guests(), ["nodejs-transform.mjs", "nodejs/transform.ts"]),
    sandbox.pathOf(esbuild()),
    folder,
    ...sources,
  ],
  keptPath: (path) => path,
  compiledPath: (path) => path.slice(OUTPUT.length),
  complaints: (lines) => lines.filter((line) => line.trim() !== "" && !/^\d+ errors?$/.test(line)),
};
