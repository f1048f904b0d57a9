import { builtinModules } from "node:module";
import type { Plugin } from "esbuild";

const builtins = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));

/**
 * Takes Node's own modules with `process.getBuiltinModule`, of each only what is used, and functions when they are called:
 * a command that nobody asked for loads no module. An `import` of one asks for every export, the lazy ones too (fetch,
 * streams, web crypto), which doubles the time in which a small program starts.
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
  const all = Object.entries(process.getBuiltinModule(path) ?? {}).filter(
    ([name]) => name !== "default" && /^[A-Za-z_$][\w$]*$/.test(name),
  );
  return [
    `const all = () => ${moduleOf(path)};`,
    "const whole = /* @__PURE__ */ all();",
    ...all.map(([name, value]) => `const _${name} = ${isPlainFunction(name, value) ? called(name) : taken(name)};`),
    `export { ${all.map(([name]) => `_${name} as ${name}`).join(", ")} };`,
    "export default whole;",
  ].join("\n");
}

/** Not a class, and nothing hangs on it. */
function isPlainFunction(name: string, value: unknown): boolean {
  return typeof value === "function" && /^[a-z]/.test(name) && Reflect.ownKeys(value).every((key) => ordinary.has(key));
}

const ordinary: ReadonlySet<string | symbol> = new Set(["length", "name", "prototype"]);

function called(name: string): string {
  return `(...values) => all().${name}(...values)`;
}

function taken(name: string): string {
  return `/* @__PURE__ */ (() => all().${name})()`;
}
