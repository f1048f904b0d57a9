/**
 * TypeScript of several files: `./size`, `./size.js` and `./sizes` find size.ts and sizes/index.ts, as in every other tool
 * for TypeScript. Node.js itself wants the name of the file.
 */
import { existsSync, readFileSync, statSync } from "node:fs";
import { type ResolveFnOutput, type ResolveHookContext, registerHooks } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { withoutComments } from "./json-comments.ts";

export const TYPESCRIPT = /\.([mc]?ts|tsx)$/;
const NOT_FOUND = ["ERR_MODULE_NOT_FOUND", "ERR_UNSUPPORTED_DIR_IMPORT", "MODULE_NOT_FOUND"];
const ENDINGS = [".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json"];

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile();

/** The file that a path without its true ending stands for. */
const fileOf = (path: string): string | undefined =>
  [
    path,
    ...ENDINGS.map((ending) => path + ending),
    ...[path.replace(/\.([mc]?)js$/, ".$1ts"), path.replace(/\.jsx?$/, ".ts"), path.replace(/\.jsx?$/, ".tsx")],
    ...ENDINGS.map((ending) => join(path, `index${ending}`)),
  ].find(isFile);

/** What a tsconfig.json says about import names, with absolute paths: what it says itself comes before what the files say that it extends. */
interface Aliases {
  readonly baseUrl?: string;
  readonly paths?: Readonly<Record<string, readonly string[]>>;
  /** The folder to which `paths` are relative. */
  readonly from?: string;
}

interface Config {
  readonly extends?: string | readonly string[];
  readonly compilerOptions?: { readonly baseUrl?: string; readonly paths?: Record<string, readonly string[]> };
}

/** So many files may extend each other. */
const MOST_EXTENDED = 10;

/** Only files of the function are followed: published configurations name no files of it. */
const readAliases = (file: string, depth = 0): Aliases => {
  const config = JSON.parse(withoutComments(readFileSync(file, "utf8").replace(/^\uFEFF/, ""))) as Config;
  const { baseUrl, paths } = config.compilerOptions ?? {};
  const parents = depth < MOST_EXTENDED ? [config.extends ?? []].flat().filter((name) => /^\.{1,2}\//.test(name)) : [];
  const inherited = parents.map((name) =>
    readAliases(resolve(dirname(file), name.replace(/(\.json)?$/, ".json")), depth + 1),
  );
  const before: Aliases = Object.assign({}, ...inherited);
  const base = baseUrl === undefined ? before.baseUrl : resolve(dirname(file), baseUrl);
  const own = base === undefined ? before : { ...before, baseUrl: base };
  return paths === undefined ? own : { ...own, paths, from: base ?? dirname(file) };
};

/** The folders in which `paths` of the tsconfig.json beside the function look for a name. */
const aliasesOf = (folder: string): ((name: string) => string[]) => {
  try {
    const { baseUrl, paths = {}, from = folder } = readAliases(join(folder, "tsconfig.json"));
    const places = (name: string): string[] =>
      Object.entries(paths).flatMap(([pattern, targets]) => {
        const [before = "", after] = pattern.split("*");
        if (after === undefined) return pattern === name ? targets.map((target) => join(from, target)) : [];
        if (name.length < before.length + after.length || !name.startsWith(before) || !name.endsWith(after)) return [];
        const middle = name.slice(before.length, name.length - after.length);
        return targets.map((target) => join(from, target.replace("*", middle)));
      });
    return (name) => [...places(name), ...(baseUrl === undefined ? [] : [join(baseUrl, name)])];
  } catch {
    return () => [];
  }
};

/** A JSON file needs no `with { type: "json" }` there, as in every other tool for TypeScript. */
const asJson = (found: ResolveFnOutput, context: ResolveHookContext): ResolveFnOutput =>
  found.url.endsWith(".json") && !context.conditions.includes("require")
    ? { ...found, importAttributes: { type: "json" } }
    : found;

/** Lets the TypeScript files of a folder find each other. */
export const resolveTypeScript = (folder: string): void => {
  const aliases = aliasesOf(folder);
  registerHooks({
    // Node.js knows no such file; what lies there is JavaScript by now.
    load: (url, context, next) =>
      url.startsWith("file:") && new URL(url).pathname.endsWith(".tsx")
        ? { format: "module", source: readFileSync(fileURLToPath(url)), shortCircuit: true }
        : next(url, context),
    resolve: (specifier, context, next) => {
      const parent = context.parentURL;
      const from = parent?.startsWith("file:") === true ? fileURLToPath(parent.split("?")[0] ?? parent) : "";
      if (!TYPESCRIPT.test(from) || !from.startsWith(`${folder}/`)) return next(specifier, context);
      try {
        return asJson(next(specifier, context), context);
      } catch (error) {
        if (!NOT_FOUND.includes((error as { code?: string }).code ?? "")) throw error;
        const isRelative = /^\.{1,2}(\/|$)/.test(specifier);
        const places = isRelative ? [join(dirname(from), specifier)] : aliases(specifier);
        const file = places.map(fileOf).find((found) => found !== undefined);
        if (file === undefined) throw error;
        // `require` takes a path and `import` an address.
        return asJson(next(context.conditions.includes("require") ? file : pathToFileURL(file).href, context), context);
      }
    },
  });
};
