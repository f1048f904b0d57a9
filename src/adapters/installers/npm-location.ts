import { existsSync, readFileSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

const WELL_KNOWN = ["/usr/lib/node_modules/npm", "/usr/local/lib/node_modules/npm", "/usr/share/nodejs/npm"];

/**
 * The folder of the npm package on this machine, or undefined. `npm` itself may be a shim of a version manager that starts
 * another Node; the package's own `bin/npm-cli.js` runs on the Node that runs the functions.
 */
export function findNpm(environment: NodeJS.ProcessEnv): string | undefined {
  const beside = join(dirname(process.execPath), "../lib/node_modules/npm");
  const onPath = (environment.PATH ?? "").split(delimiter).filter(Boolean).flatMap(behindProgram);
  return [beside, ...onPath, ...WELL_KNOWN].find(isNpm);
}

function behindProgram(folder: string): string[] {
  const program = join(folder, "npm");
  if (!existsSync(program)) return [];
  return [join(dirname(realpathSync(program)), ".."), join(folder, "../lib/node_modules/npm")];
}

function isNpm(folder: string): boolean {
  try {
    const { name } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { readonly name?: unknown };
    return name === "npm" && existsSync(join(folder, "bin/npm-cli.js"));
  } catch {
    return false;
  }
}
