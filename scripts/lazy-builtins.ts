import { isBuiltin } from "node:module";
import type { Plugin } from "esbuild";

const sources = /[\\/]src[\\/]/;

/**
 * Loads a module of Node when something of it is used, not when a file that imports it is loaded: a command waits only for
 * what it needs. Libraries are left as they are: some extend what they import at once.
 */
export const lazyBuiltins: Plugin = {
  name: "lazy-builtins",
  setup(build) {
    build.onResolve({ filter: /^[a-z0-9:_/]+$/ }, ({ path, importer }) =>
      isBuiltin(path) && sources.test(importer) ? { path, namespace: "lazy-builtin" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "lazy-builtin" }, ({ path }) => ({ contents: lazyModule(path) }));
  },
};

/** The bundler looks up an import on the prototype, too: there every name is found, and none is listed. */
function lazyModule(path: string): string {
  const found = `process.getBuiltinModule(${JSON.stringify(path)})[name]`;
  return `module.exports = Object.create(new Proxy({}, { get: (_target, name) => ${found} }));`;
}
