/** Files of CommonJS go the way of `require`: `import` loads them, too, with five times the work. */
import { existsSync, readFileSync } from "node:fs";
import Module from "node:module";
import { join } from "node:path";
import { types } from "node:util";

type Names = Readonly<Record<string, unknown>>;

/** As `require` calls it. Without a parent, as for `import`, so that no module takes the guest for its caller. */
const { _load: loadModule } = Module as unknown as {
  readonly _load?: (file: string, parent: undefined, isMain: false) => unknown;
};

/** Words without which no file is an ES module that is any good. They may stand in a text or a comment: then `import` decides. */
const MODULE_WORDS = /\b(?:import|export|await)\b/;

/** `"type": "module"`, perhaps. */
const mayMeanModules = (folder: string): boolean => {
  const file = join(folder, "package.json");
  return existsSync(file) && readFileSync(file, "utf8").includes("module");
};

const isCommonJs = (file: string, folder: string): boolean => {
  if (!/\.c?js$/.test(file) || MODULE_WORDS.test(readFileSync(file, "utf8"))) return false;
  return file.endsWith(".cjs") || !mayMeanModules(folder);
};

/** What `import` would give for these exports, as far as a handler is looked for in it. */
const asImported = (exports: unknown): Names => {
  const isNamed = typeof exports === "function" && Object.hasOwn(exports, "handler");
  return isNamed ? { handler: (exports as unknown as Names).handler, default: exports } : { default: exports };
};

/** Undefined when the file is to be imported. @throws whatever its code throws */
export const requireCommonJs = (file: string, folder: string): Names | undefined => {
  if (loadModule === undefined || !isCommonJs(file, folder)) return undefined;
  const exports = loadModule(file, undefined, false);
  return types.isModuleNamespaceObject(exports) ? (exports as unknown as Names) : asImported(exports);
};
