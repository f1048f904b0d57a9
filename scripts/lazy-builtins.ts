import { builtinModules } from "node:module";
import type { Plugin } from "esbuild";

const builtins = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));

/**
 * Takes Node's own modules with `process.getBuiltinModule`, and of each only what is used. An `import` of one asks for
 * every export, the lazy ones too (fetch, streams, web crypto), which doubles the time in which a small program starts.
 */
export const lazyBuiltins: Plugin = {
  name: "lazy-builtins",
  setup(build) {
    build.onResolve({ filter: /^[a-z0-9:_/]+$/ }, ({ path, kind }) => {
      if (!builtins.has(path)) return undefined;
      return { path, namespace: kind === "require-call" ? "builtin-required" : "builtin-imported" };
    });
    build.onLoad({ filter: /.*/, namespace: "builtin-required" }, ({ path }) => ({
      contents: `module.exports = ${moduleOf(path)};`,
    }));
    build.onLoad({ filter: /.*/, namespace: "builtin-imported" }, ({ path }) => ({ contents: namedExports(path) }));
  },
};

function moduleOf(path: string): string {
  return `process.getBuiltinModule(${JSON.stringify(path)})`;
}

/** One pure expression an export: the bundler drops those that nobody imports. */
function namedExports(path: string): string {
  const names = Object.getOwnPropertyNames(process.getBuiltinModule(path) ?? {}).filter((name) =>
    /^[A-Za-z_$][\w$]*$/.test(name),
  );
  const lines = names
    .filter((name) => name !== "default")
    .map((name) => `const _${name} = /* @__PURE__ */ take("${name}");`);
  const exported = names.filter((name) => name !== "default").map((name) => `_${name} as ${name}`);
  return [
    `const take = (name) => ${moduleOf(path)}[name];`,
    ...lines,
    `export { ${exported.join(", ")} };`,
    `export default ${moduleOf(path)};`,
  ].join("\n");
}
