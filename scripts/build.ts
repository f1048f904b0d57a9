/** Builds what runs: bundles of the server, the command line and the guests, and the applications' functions. */
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { buildFunctions } from "../apps/cloudmaster/build.ts";
import { BUILT_IN } from "../src/adapters/programs/images.ts";
import { lazyBuiltins } from "./lazy-builtins.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const finished = join(root, "dist");
/** Built aside and put in place at the end: what runs from the old build is never without its files for long. */
const dist = join(root, ".cache", `dist-${process.pid}`);
const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

const common: BuildOptions = {
  bundle: true,
  platform: "node",
  target: "node26",
  format: "esm",
  sourcemap: false,
  legalComments: "none",
  define: { DISPATCH_VERSION: JSON.stringify(version) },
  logLevel: "warning",
};

/** CommonJS libraries inside an ESM bundle need a `require`. */
const requireBanner = {
  js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
};

/** Within one build `main.ts` would be cut in two, because `start.ts` leads to it: what a warm run needs most then lay in another file. */
const mainBeside: Plugin = {
  name: "main beside",
  setup: ({ onResolve }) => onResolve({ filter: /^\.\/main\.ts$/ }, () => ({ path: "./main.js", external: true })),
};

const bundles: BuildOptions[] = [
  {
    entryPoints: [join(root, "src/start.ts")],
    outdir: join(dist, "server"),
    plugins: [mainBeside],
  },
  {
    entryPoints: [
      "main.ts",
      "adapters/db/sqlite-thread.ts",
      "core/functions/schema/schema-thread.ts",
      "core/functions/source-thread.ts",
    ].map((path) => join(root, "src", path)),
    entryNames: "[name]",
    outdir: join(dist, "server"),
    external: ["better-sqlite3"],
    splitting: true,
    minifySyntax: true,
    banner: requireBanner,
  },
  {
    entryPoints: [join(root, "src/front/cli/main.ts")],
    outfile: join(dist, "cli/main.cjs"),
    // Whoever types a command waits for its start. One file of CommonJS starts faster than modules do, and an `import` of
    // one of Node's own would ask for each of its exports, the slow ones too. By its name Node looks for no package.json.
    format: "cjs",
    minify: true,
    plugins: [lazyBuiltins],
    define: { ...common.define, "import.meta.dirname": "__dirname", "import.meta.url": "__filename" },
  },
  {
    entryPoints: [join(root, "src/guest/nodejs/main.ts")],
    // CommonJS starts with less work than modules do, and without their views of Node.js' own modules, which hold memory.
    outfile: join(dist, "server/guest/nodejs.cjs"),
    target: "node24", // the oldest that a base image may name
    format: "cjs",
    minifySyntax: true,
    define: { ...common.define, "import.meta.dirname": "__dirname", "import.meta.filename": "__filename" },
  },
  {
    entryPoints: [join(root, "src/guest/nodejs/transform.ts")],
    outfile: join(dist, "server/guest/nodejs-transform.mjs"),
    target: "node24",
  },
  {
    entryPoints: [...BUILT_IN, "clocks", "port-relay"].map((name) => join(root, `src/event-drivers/${name}.ts`)),
    outdir: join(dist, "server/event-drivers"),
    outExtension: { ".js": ".mjs" },
    minifySyntax: true,
    banner: requireBanner,
  },
];

mkdirSync(dist, { recursive: true });
await Promise.all(bundles.map((options) => build({ ...common, ...options })));
// The guest of Node.js is a bundle; those of the other languages are run or compiled as they are.
for (const { name } of readdirSync(join(root, "src/guest"), { withFileTypes: true }).filter((one) => one.isDirectory()))
  if (name !== "nodejs") cpSync(join(root, "src/guest", name), join(dist, "server/guest", name), { recursive: true });
compilePython(join(dist, "server/guest"));
chmodSync(join(dist, "server/guest"), 0o755);
chmodSync(join(dist, "server/event-drivers"), 0o755);
cpSync(join(root, "src/guest/nodejs/rehearsed.cjs"), join(dist, "server/guest/rehearsed.cjs"));
await buildFunctions();
rmSync(finished, { recursive: true, force: true });
renameSync(dist, finished);

/**
 * Beside the modules of Python's guest lie their bytecodes for the machine's Python: it starts with a third less work. Python takes one
 * only for its own version and for the very source, else it compiles as it would without.
 */
function compilePython(guests: string): void {
  const paths = ["-s", guests, "-p", "/opt/dispatch/guest", join(guests, "python3/dispatch_guest")];
  const words = ["-I", "-S", "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", ...paths];
  const { error, status, stdout } = spawnSync("python3", words, { cwd: "/", encoding: "utf8" });
  // Without a Python there is nobody to run it, and one that is not whole may run it all the same.
  if (error === undefined && status !== 0) console.warn(`the Python guest was not compiled ahead: ${stdout.trim()}`);
}
