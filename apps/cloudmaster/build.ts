import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const FUNCTIONS = ["cloudmaster", "aws", "azure", "gcp", "vsphere", "echo"] as const;

/** Bundles each TypeScript function, its libraries included, into one file: `dist/functions/<name>.mjs`. */
export async function buildFunctions(): Promise<void> {
  const folder = fileURLToPath(new URL(".", import.meta.url));
  await build({
    absWorkingDir: folder,
    entryPoints: FUNCTIONS.map((name) => ({ in: `functions/${name}/main.ts`, out: name })),
    outdir: "dist/functions",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target: "node22",
    format: "esm",
    // Under "node" the SDK offers CommonJS; its ES modules shrink to what is used.
    mainFields: ["module", "main"],
    conditions: ["module"],
    // Names and lines stay readable in the stack traces of runs.
    minifySyntax: true,
    legalComments: "eof",
    logLevel: "warning",
  });
}

if (import.meta.main) await buildFunctions();
