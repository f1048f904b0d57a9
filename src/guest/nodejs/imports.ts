/**
 * TypeScript of several files: `./size`, `./size.js` and `./sizes` find size.ts and sizes/index.ts, as in every other tool
 * for TypeScript. Node.js itself wants the name of the file.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { registerHooks } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const TYPESCRIPT = /\.[mc]?ts$/;
const NOT_FOUND = ["ERR_MODULE_NOT_FOUND", "ERR_UNSUPPORTED_DIR_IMPORT", "MODULE_NOT_FOUND"];
const ENDINGS = [".ts", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json"];

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

/** The file that a path without its true ending stands for. */
const fileOf = (path: string): string | undefined =>
  [
    path,
    ...ENDINGS.map((ending) => path + ending),
    ...[path.replace(/\.([mc]?)js$/, ".$1ts"), path.replace(/\.jsx?$/, ".ts")],
    ...ENDINGS.map((ending) => join(path, `index${ending}`)),
  ].find(isFile);

/** The folders in which `paths` of the tsconfig.json beside the function look for a name. */
const aliasesOf = (folder: string): ((name: string) => string[]) => {
  try {
    const text = readFileSync(join(folder, "tsconfig.json"), "utf8");
    const { compilerOptions = {} } = JSON.parse(withoutComments(text)) as {
      compilerOptions?: { baseUrl?: string; paths?: Record<string, readonly string[]> };
    };
    const { baseUrl, paths = {} } = compilerOptions;
    const base = resolve(folder, baseUrl ?? ".");
    const places = (name: string): string[] =>
      Object.entries(paths).flatMap(([pattern, targets]) => {
        const [before = "", after] = pattern.split("*");
        if (after === undefined) return pattern === name ? targets.map((target) => join(base, target)) : [];
        if (name.length < before.length + after.length || !name.startsWith(before) || !name.endsWith(after)) return [];
        const middle = name.slice(before.length, name.length - after.length);
        return targets.map((target) => join(base, target.replace("*", middle)));
      });
    return (name) => [...places(name), ...(baseUrl === undefined ? [] : [join(base, name)])];
  } catch {
    return () => [];
  }
};

/** Comments and trailing commas, which tsconfig.json may have; texts stay as they are. */
const withoutComments = (text: string): string =>
  text
    .replace(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (_all, quoted: string | undefined) => quoted ?? "")
    .replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, (_all, quoted: string | undefined) => quoted ?? "");

/** Lets the TypeScript files of a folder find each other. */
export const resolveTypeScript = (folder: string): void => {
  const aliases = aliasesOf(folder);
  registerHooks({
    resolve: (specifier, context, next) => {
      try {
        return next(specifier, context);
      } catch (error) {
        const parent = context.parentURL;
        const isOurs = parent?.startsWith("file:") && NOT_FOUND.includes((error as { code?: string }).code ?? "");
        const from = isOurs && parent ? fileURLToPath(parent.split("?")[0] ?? parent) : "";
        if (!TYPESCRIPT.test(from) || !from.startsWith(`${folder}/`)) throw error;
        const isRelative = /^\.{1,2}(\/|$)/.test(specifier);
        const places = isRelative ? [join(dirname(from), specifier)] : aliases(specifier);
        const file = places.map(fileOf).find((found) => found !== undefined);
        if (file === undefined) throw error;
        // `require` takes a path and `import` an address.
        return next(context.conditions.includes("require") ? file : pathToFileURL(file).href, context);
      }
    },
  });
};
